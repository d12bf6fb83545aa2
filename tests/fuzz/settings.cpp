// Reads the input as a model and its options, "se_resnet20 reduction=8,se_stages=2,3", and builds
// it without numbers if it is one of the small ones.
#include "models/zoo/settings.h"

#include "core/check.h"
#include "core/memory_budget.h"
#include "core/random.h"
#include "models/zoo/registry.h"
#include "tests/fuzz/fuzz.h"

int fuzz_settings(const std::uint8_t* data, std::size_t size) {
  using namespace excite;
  const std::string all(data, data + size);
  const std::size_t space = all.find(' ');
  try {
    const Settings settings =
        parse_settings(space == std::string::npos ? all : all.substr(space + 1));
    const ModelEntry& entry = find_model(all.substr(0, space));
    Rng rng = Rng::silent();
    make_model(entry.small_variant, settings, 2, rng);
  } catch (const UsageError&) {
  } catch (const MemoryError&) {}
  return 0;
}
