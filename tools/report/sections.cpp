#include "tools/report/sections.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "core/check.h"
#include "core/text.h"
#include "tools/commands/output.h"
#include "tools/commands/svg.h"
#include "tools/report/data_uri.h"
#include "tools/report/gates_drawing.h"
#include "tools/report/grad_cam.h"
#include "tools/report/measure_gates.h"
#include "tools/report/page.h"

namespace excite {

namespace {

constexpr long thumbnail_side = 64, gallery_images = 24, images_per_cell = 6,
               max_matrix_classes = 30, max_confusions = 50;

std::string percent(double fraction) {
  char words[40];
  std::snprintf(words, sizeof words, "%.1f %%", 100 * fraction);
  return words;
}

const std::string& class_of(const ReportedRun& run, long label) { return run.data.classes[label]; }

// Adds the image to `uris` if the budget allows it.
void add_image(std::vector<std::string>& uris, const Image& image, ImageBudget& budget) {
  if (budget.bytes <= 0) return;
  uris.push_back(png_data_uri(image));
  budget.bytes -= std::ssize(uris.back());
}

std::string name_of(const ReportedRun& run, const Judgment& j) {
  return run.data.in_files() ? run.data.name(j.index) : text("image ", j.index);
}

Markup judged_figure(const ReportedRun& run, const Judgment& j,
                     const std::vector<std::string>& uris) {
  const Markup wrong = text(class_of(run, j.predicted), " ", percent(j.confidence), ", is ",
                            class_of(run, j.label), " ", percent(j.probability)),
               right = text(class_of(run, j.label), " ", percent(j.confidence));
  const std::string name = name_of(run, j), file = std::filesystem::path(name).filename();
  return figure(uris, name, file + ": " + (j.is_right() ? right : wrong));
}

Markup plain_figure(const ReportedRun& run, const Judgment& j, ImageBudget& budget) {
  std::vector<std::string> uris;
  add_image(uris, thumbnail(run.data.open(j.index), thumbnail_side), budget);
  return judged_figure(run, j, uris);
}

// The part of the image that the network sees, and beside it what speaks for the predicted class.
Markup explained_figure(const ReportedRun& run, const Judgment& j, ImageBudget& budget) {
  const ImageSource source = run.data.open(j.index);
  const Image seen = resize_and_crop(source, resize_crop_of(run.trained, resize));
  const HeatMap map = grad_cam(run.trained.model, image_for(run.trained, source), j.predicted);
  std::vector<std::string> uris;
  for (const Image& image : {seen, overlay(seen, map)})
    add_image(uris, thumbnail(ImageSource(image), thumbnail_side), budget);
  return judged_figure(run, j, uris);
}

// ---- the confusion matrix ----

struct Confusion {
  long label, predicted, count;
};

std::vector<Confusion> confusions(const Metrics& m) {
  std::vector<Confusion> all;
  for (long i = 0; i < m.classes(); i++)
    for (long j = 0; j < m.classes(); j++)
      if (i != j && m.confusion(i, j) > 0) all.push_back({i, j, m.confusion(i, j)});
  std::stable_sort(all.begin(), all.end(),
                   [](const Confusion& a, const Confusion& b) { return a.count > b.count; });
  return all;
}

std::string cell_id(const std::string& prefix, long label, long predicted) {
  return text(prefix, "cell-", label, "-", predicted);
}

Markup link_to_cell(const std::string& prefix, long label, long predicted, double shade,
                    const std::string& words) {
  return element("a",
                 {{"href", "#" + cell_id(prefix, label, predicted)},
                  {"style", text("background: rgba(var(--shade), ", shade, ")")}},
                 words);
}

Markup confusion_matrix(const ReportedRun& run, const std::string& prefix) {
  const Metrics& m = run.evaluation.metrics;
  std::vector<std::string> head{"label \\ predicted"};
  std::vector<std::vector<Markup>> rows;
  for (long i = 0; i < m.classes(); i++) {
    head.push_back(class_of(run, i));
    rows.push_back({class_of(run, i)});
    for (long j = 0; j < m.classes(); j++) {
      const long count = m.confusion(i, j);
      const double part =
          static_cast<double>(count) / static_cast<double>(std::max(1l, m.count_of(i)));
      rows.back().push_back(count == 0 ? Markup("")
                            : i == j   ? element("b", {}, text(count))
                                       : link_to_cell(prefix, i, j, std::sqrt(part), text(count)));
    }
  }
  return table(head, rows);
}

Markup confusion_list(const ReportedRun& run, const std::string& prefix,
                      const std::vector<Confusion>& all) {
  std::vector<std::vector<Markup>> rows;
  for (const Confusion& c : all)
    rows.push_back({class_of(run, c.label), class_of(run, c.predicted),
                    link_to_cell(prefix, c.label, c.predicted, 0, text(c.count))});
  return table({"label", "predicted as", "images"}, rows);
}

// The images of a cell. They are shown when its anchor is the target of the address.
Markup images_of_cell(const ReportedRun& run, const std::string& prefix, const Confusion& c,
                      ImageBudget& budget) {
  std::vector<Judgment> of_cell;
  for (const Judgment& j : run.evaluation.images)
    if (j.label == c.label && j.predicted == c.predicted) of_cell.push_back(j);
  Markup figures;
  for (const Judgment& j : worst_mistakes(of_cell, images_per_cell))
    figures += plain_figure(run, j, budget);
  const std::string heading =
      text(class_of(run, c.label), " predicted as ", class_of(run, c.predicted), ": ", c.count,
           c.count > images_per_cell ? ", the surest" : "");
  return element("div", {{"class", "cell"}, {"id", cell_id(prefix, c.label, c.predicted)}},
                 paragraph(element("b", {}, heading)) + gallery(figures)) +
         Markup::line_break();
}

}  // namespace

Markup confusion_section(const ReportedRun& run, const std::string& prefix, ImageBudget& budget) {
  std::vector<Confusion> all = confusions(run.evaluation.metrics);
  const bool as_matrix = run.data.class_count() <= max_matrix_classes;
  if (!as_matrix && std::ssize(all) > max_confusions) all.resize(max_confusions);
  Markup content = paragraph(
      "How often images of one class are predicted as another. A click on a number shows images.");
  content += as_matrix ? confusion_matrix(run, prefix) : confusion_list(run, prefix, all);
  for (const Confusion& c : all) content += images_of_cell(run, prefix, c, budget);
  return section(prefix + "confusion", "Confusion matrix", content);
}

Markup classes_section(const ReportedRun& run, const std::string& prefix) {
  std::vector<std::vector<Markup>> rows;
  for (long i = 0; i < run.data.class_count(); i++) {
    const ClassScores s = scores_of(run.evaluation.metrics, i);
    rows.push_back({class_of(run, i), text(run.evaluation.metrics.count_of(i)),
                    percent(s.precision), percent(s.recall), percent(s.f1)});
  }
  return section(prefix + "classes", "Classes",
                 paragraph("Precision: how many of its predictions are right. Recall: how many of "
                           "its images are found. F1: their harmonic mean.") +
                     table({"class", "images", "precision", "recall", "F1"}, rows));
}

namespace {

Markup reliability_diagram(const std::vector<ReliabilityBin>& bins) {
  constexpr double left = 44, top = 10, side = 240;
  const double width = side / static_cast<double>(bins.size());
  Markup drawn;
  for (std::size_t i = 0; i < bins.size(); i++) {
    const double height = side * bins[i].accuracy;
    drawn += empty_element("rect", {{"x", svg::tenths(left + static_cast<double>(i) * width + 1)},
                                    {"y", svg::tenths(top + side - height)},
                                    {"width", svg::tenths(width - 2)},
                                    {"height", svg::tenths(height)},
                                    {"fill", svg::colors[0]}});
  }
  drawn += svg::line(left, top + side, left + side, top, {{"stroke-dasharray", "5 4"}});
  for (const double part : {0.0, 0.5, 1.0}) {
    drawn += svg::label(left - 6, top + side * (1 - part) + 4, "end", text(100 * part, " %"));
    drawn += svg::label(left + side * part, top + side + 18, "middle", text(100 * part, " %"));
  }
  drawn += svg::label(left + side / 2, top + side + 36, "middle", "confidence");
  drawn +=
      svg::line(left, top, left, top + side) + svg::line(left, top + side, left + side, top + side);
  return svg::drawing(left + side + 20, top + side + 46, drawn);
}

}  // namespace

Markup calibration_section(const ReportedRun& run, const std::string& prefix) {
  const std::vector<ReliabilityBin> bins = reliability(run.evaluation.images);
  return section(
      prefix + "calibration", "Calibration",
      paragraph(text("How often predictions of a certain confidence are right. On the dashed line, "
                     "confidence and accuracy are equal; below it, the model is too sure. The "
                     "expected calibration error, the mean distance of the two, is ",
                     percent(calibration_error(bins)), ".")) +
          reliability_diagram(bins));
}

Markup mistakes_section(const ReportedRun& run, const std::string& prefix, ImageBudget& budget) {
  Markup wrong, right;
  for (const Judgment& j : worst_mistakes(run.evaluation.images, gallery_images))
    wrong += explained_figure(run, j, budget);
  for (const Judgment& j : least_certain(run.evaluation.images, gallery_images))
    right += plain_figure(run, j, budget);
  return section(
      prefix + "mistakes", "Worst mistakes",
      paragraph("The wrong predictions of which the model is surest. Beside each image, "
                "Grad-CAM: yellow to red are the regions that support the predicted class.") +
          gallery(wrong) + element("h3", {}, "Least certain right predictions") + gallery(right));
}

Markup gates_section(const ReportedRun& run, const std::string& prefix) {
  if (run.gates.empty()) return {};
  std::vector<std::vector<Markup>> rows;
  for (const GateStatistics& gates : run.gates) {
    const GateSummary s = summarize(gates);
    rows.push_back({gates.block(), text(gates.channels()), decimal(s.mean, 3), percent(s.near_0),
                    percent(s.near_1), percent(s.same), decimal(s.between, 3),
                    decimal(s.within, 3)});
  }
  const Markup how_to_read = paragraph(
      "A squeeze-and-excitation block multiplies each channel of an image by a gate. A line is the "
      "mean gate of each channel over the images of a class. Where the lines are on top of each "
      "other, the block treats all classes alike; where they differ, it selects channels by "
      "class. A gate that is near 1 for all images does nothing, and one near 0 removes its "
      "channel. The table counts such channels: mean below 0.1, above 0.9, and class means within "
      "0.05. Between is the deviation of the class means, within that of the images of a "
      "class.");
  return section(prefix + "gates", "Gates",
                 how_to_read +
                     table({"block", "channels", "mean", "near 0", "near 1", "same for all classes",
                            "between", "within"},
                           rows) +
                     draw_gates(run.gates, run.data.classes, classes_to_draw(run.gates.front())));
}

Markup recipe_sentence(const ReportedRun& run) {
  const Recipe& r = run.config.recipe;
  double seconds = 0;
  for (const EpochRow& row : run.log) seconds += row.seconds;
  const std::string augment = r.augment.empty() ? "none" : r.augment;
  return paragraph(text(
      r.model, " with ", grouped(run.trained.model.module().parameter_count()),
      " parameters, trained for ", counted(std::ssize(run.log), "epoch"), " on ", run.config.data,
      " with ", r.optimizer, ", batch ", r.batch, ", learning rate ", r.lr, " (", r.schedule,
      "), augmentation ", augment, ", seed ", r.seed, ", in ", std::lround(seconds), " s on ",
      counted(run.config.threads, "thread"), " of ", run.config.cpu, " with at most ",
      std::lround(run.log.back().peak_megabytes), " MB of memory."));
}

Markup recipe_section(const ReportedRun& run, const std::string& prefix) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(run.folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  Markup links;
  for (const std::string& name : names) links += element("a", {{"href", "./" + name}}, name) + " ";
  return section(prefix + "recipe", "Recipe",
                 paragraph(text("config.json of the run, by excite ", run.config.version, " in ",
                                run.config.precision, ":")) +
                     element("pre", {}, Markup::lines(run.config_json)) +
                     paragraph(Markup("Files: ") + links));
}

}  // namespace excite
