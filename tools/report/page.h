// A page of HTML that needs no other file, no server and no script: its images are data URIs, and
// its policy forbids the browser to load or run anything. It follows the light or dark scheme of
// the reader's system.
#pragma once
#include <string>
#include <vector>

#include "tools/commands/markup.h"

namespace excite {

// A section with a heading. `id` is its anchor.
Markup section(const std::string& id, const std::string& heading, const Markup& content);
Markup paragraph(const Markup& words);

// Rows of cells. The first column is text, the others are numbers, aligned to the right.
Markup table(const std::vector<std::string>& head, const std::vector<std::vector<Markup>>& rows);

// An image with words below it. `title` is shown while the pointer is over it.
Markup figure(const std::vector<std::string>& data_uris, const std::string& title,
              const Markup& words);
Markup gallery(const Markup& figures);

// The whole file.
std::string page(const std::string& title, const Markup& body);

// The same with a script of ours, which may run, and more rules of style.
std::string page_with_script(const std::string& title, const std::string& style, const Markup& body,
                             const std::string& script);

}  // namespace excite
