// Held to the names and shapes that the programs themselves give their networks: tests/parity/names.py has written them down.
#include "models/dialects.h"

#include <filesystem>
#include <iomanip>
#include <set>

#include "core/files/crc.h"
#include "models/recognise.h"
#include "tests/compare.h"
#include "tests/core/files/scratch.h"

namespace excite {
namespace {

const std::string folder = "tests/models/names/";

// A line of all.txt: se_resnet50 timm 1000 384 bb3a39f8
struct Row {
  std::string model, dialect;
  long classes;
  std::size_t tensors;
  std::string crc;
};

std::vector<Row> rows() {
  std::vector<Row> all;
  for (const std::string& line : split(get(folder + "all.txt"), '\n')) {
    const std::vector<std::string> words = split(line, ' ');
    if (words.size() == 5) all.push_back({words[0], words[1], std::stol(words[2]), std::stoul(words[3]), words[4]});
  }
  return all;
}

const Dialect& dialect_for(const Row& row) {
  for (const Dialect& d : dialects())
    if (d.name == row.dialect && std::count(d.models.begin(), d.models.end(), row.model)) return d;
  throw Error(text("dialect ", row.dialect, " does not say that it has ", row.model));
}

// As the dialect's program builds it.
Model built(const Row& row, const Dialect& dialect) {
  Settings options;
  for (const auto& [key, value] : dialect.options)
    if (find_model(row.model).defaults.contains(key)) options[key] = value;
  Rng rng = Rng::silent();
  return make_model(row.model, options, row.classes, rng);
}

// What we write of it: a tensor's name and shape in a line, PyTorch's counters among them.
std::string written(const Model& model, const Dialect& dialect) {
  std::set<std::string> lines;
  for (const auto& [name, dims] : outline_of(state_of(model.module))) {
    const std::string theirs = dialect.theirs(name), mean = "running_mean";
    lines.insert(text(theirs, " ", Shape(dims), "\n"));
    if (theirs.ends_with(mean)) lines.insert(theirs.substr(0, theirs.size() - mean.size()) + "num_batches_tracked []\n");
  }
  std::string all;
  for (const std::string& line : lines) all += line;
  return all;
}

std::string crc_of(const std::string& words) {
  std::ostringstream out;
  out << std::hex << std::setw(8) << std::setfill('0') << crc32(words.data(), words.size());
  return out.str();
}

TEST(Dialects, HaveTheNamesAndShapesOfTheProgramsThatTheyAreOf) {
  long in_full = 0;
  for (const Row& row : rows()) {
    const Dialect& dialect = dialect_for(row);
    const std::string lines = written(built(row, dialect), dialect), whole = folder + row.dialect + "-" + row.model + ".txt";
    EXPECT_EQ(static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n')), row.tensors) << row.model << " of " << row.dialect;
    EXPECT_EQ(crc_of(lines), row.crc) << row.model << " of " << row.dialect;
    if (!std::filesystem::exists(whole)) continue;
    EXPECT_EQ(lines, get(whole)) << whole;
    in_full++;
  }
  for (const Dialect& d : dialects())
    for (const std::string& model : d.models) {
      const std::vector<Row> all = rows();
      EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Row& row) { return row.model == model && row.dialect == d.name; }))
          << d.name << " is said to have " << model;
    }
  EXPECT_EQ(in_full, 5);
}

TEST(Dialects, TellTheModelItsOptionsAndItsClassesByNamesAndShapes) {
  for (const Row& row : rows()) {
    const Dialect& dialect = dialect_for(row);
    const Model model = built(row, dialect);
    const Outline ours = outline_of(state_of(model.module));
    std::vector<std::string> theirs;
    for (const auto& [name, unused] : ours) theirs.push_back(dialect.theirs(name));
    const NamesInFile names = names_in(theirs, "a file");
    std::vector<std::string> back;
    for (const auto& [our, their] : names.in_file) {
      EXPECT_TRUE(ours.contains(our)) << their << " of " << row.dialect << " is read as " << our;
      EXPECT_EQ(dialect.theirs(our), their);
    }
    EXPECT_EQ(names.in_file.size(), ours.size());

    const Recognised r = recognise(ours, *names.dialect);
    EXPECT_EQ(r.model, row.model) << row.dialect;
    EXPECT_EQ(r.differences, 0u) << row.model << " of " << row.dialect;
    EXPECT_EQ(r.classes, row.classes) << row.model << " of " << row.dialect;
    Rng rng = Rng::silent();
    EXPECT_EQ(make_model(r.model, r.options, r.classes, rng).options, model.options) << row.model << " of " << row.dialect;
  }
}

}  // namespace
}  // namespace excite
