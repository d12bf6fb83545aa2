#include "tools/graph/op_sources.h"

namespace excite {

namespace {
constexpr OpSource sources[] = {
#include "op_sources.inc"
};
}  // namespace

const OpSource* find_op_source(const std::string& op) {
  for (const OpSource& source : sources)
    if (op == source.op) return &source;
  return nullptr;
}

}  // namespace excite
