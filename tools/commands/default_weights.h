// The trained SE-ResNet-20 that comes with the program (tools/examples/README.md), for predict
// without --weights.
#pragma once
#include <string>

namespace excite {

// Where its file is in a source tree.
inline const std::string default_weights_in_source_tree =
    "tools/examples/se_resnet20-cifar10.safetensors";

// The path of its file, or empty if there is none. `program` is the path of the running program.
// The file of an installed program is in share/excite, beside the program's folder bin. That of
// build/excite, or of build/portable/excite, is in the source tree around it. Else it may be in a
// source tree that is the current folder.
std::string default_weights(const std::string& program);

// The path of the running program, or empty where the system does not tell (it does on Linux).
std::string running_program();

}  // namespace excite
