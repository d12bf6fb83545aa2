// Compares dialects with the names and shapes that the programs themselves give their networks.
// tests/parity/names.py wrote them to tests/models/names.
#include "models/interop/dialects.h"

#include <filesystem>
#include <set>

#include "models/interop/recognize.h"
#include "models/zoo/registry.h"
#include "tests/models/interop/of_dialect.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

const std::string folder = "tests/models/names/";

// A network in one of these files: "# se_resnet50 for 1000 classes, 384 tensors" and the lines
// below it.
struct Row {
  std::string model, dialect;
  long classes;
  std::size_t tensors;
  std::set<std::string> names;  // and shapes: "fc.bias [1000]"
};

// Brace expansion as in a shell: bn1.{bias,weight} is bn1.bias and bn1.weight; likewise
// layer{1..3}.
std::vector<std::string> expanded(const std::string& line) {
  const std::size_t from = line.find('{'), to = line.find('}');
  if (from == std::string::npos) return {line};
  std::vector<std::string> words = split(line.substr(from + 1, to - from - 1), ','), all;
  if (const std::size_t dots = words[0].find(".."); dots != std::string::npos) {
    const long first = std::stol(words[0]), last = std::stol(words[0].substr(dots + 2));
    words.clear();
    for (long n = first; n <= last; n++) words.push_back(text(n));
  }
  for (const std::string& word : words)
    for (const std::string& rest : expanded(line.substr(to + 1)))
      all.push_back(line.substr(0, from) + word + rest);
  return all;
}

std::vector<Row> rows() {
  std::vector<Row> all;
  for (const auto& file : std::filesystem::directory_iterator(folder))
    for (const std::string& line : split(get(file.path().string()), '\n')) {
      if (line.empty()) continue;
      const std::vector<std::string> words = split(line, ' ');
      if (words[0] == "#")
        all.push_back(
            {words[1], file.path().stem(), std::stol(words[3]), std::stoul(words[5]), {}});
      else
        for (const std::string& one : expanded(line)) all.back().names.insert(one);
    }
  return all;
}

// The tensors that we write: name and shape, PyTorch's counters included.
std::set<std::string> written(const Model& model, const Dialect& dialect) {
  std::set<std::string> lines;
  for (const auto& [name, dims] : shapes_of(state_of(model.module()))) {
    const std::string theirs = dialect.to_theirs(name), mean = "running_mean";
    lines.insert(text(theirs, " ", Shape(dims)));
    if (theirs.ends_with(mean))
      lines.insert(theirs.substr(0, theirs.size() - mean.size()) + "num_batches_tracked []");
  }
  return lines;
}

TEST(Dialects, HaveTheNamesAndShapesOfTheOtherPrograms) {
  std::set<std::string> seen;
  for (const Row& row : rows()) {
    const Dialect& dialect = dialect_for(row.model, row.dialect);
    EXPECT_EQ(row.names.size(), row.tensors) << row.model << " of " << row.dialect;
    EXPECT_EQ(written(built_as(dialect, row.model, row.classes), dialect), row.names)
        << row.model << " of " << row.dialect;
    seen.insert(row.model + " of " + row.dialect);
  }
  EXPECT_EQ(seen.size(), 52u);
  for (const Dialect& d : dialects())
    for (const std::string& model : d.models)
      EXPECT_TRUE(seen.contains(model + " of " + d.name))
          << d.name << " lists " << model << ", which was not compared";
}

TEST(Dialects, ModelOptionsAndClassesAreInferredFromNamesAndShapes) {
  for (const Row& row : rows()) {
    const Dialect& dialect = dialect_for(row.model, row.dialect);
    const Model model = built_as(dialect, row.model, row.classes);
    const TensorShapes ours = shapes_of(state_of(model.module()));
    std::vector<std::string> theirs;
    for (const auto& [name, unused] : ours) theirs.push_back(dialect.to_theirs(name));
    const NameMapping names = map_names(theirs, "a file");
    std::vector<std::string> back;
    for (const auto& [our, their] : names.file_name) {
      EXPECT_TRUE(ours.contains(our)) << their << " of " << row.dialect << " is renamed to " << our;
      EXPECT_EQ(dialect.to_theirs(our), their);
    }
    EXPECT_EQ(names.file_name.size(), ours.size());

    const Recognized r = recognize(ours, *names.dialect);
    EXPECT_EQ(r.model, row.model) << row.dialect;
    EXPECT_EQ(r.differences, 0u) << row.model << " of " << row.dialect;
    EXPECT_EQ(r.classes, row.classes) << row.model << " of " << row.dialect;
    Rng rng = Rng::silent();
    EXPECT_EQ(make_model(r.model, r.options, r.classes, rng).options, model.options)
        << row.model << " of " << row.dialect;
  }
}

}  // namespace
}  // namespace excite
