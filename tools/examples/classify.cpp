// Says what is on images: the five most probable classes of each, by a trained network.
//
//   classify se_resnet20-cifar10.safetensors cat.jpg
//
// The file of weights also says which model it is, how images are prepared, and the names of the
// classes. It may be one of ours, or of timm or torchvision.
#include <excite/training/classifier.h>
#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: classify WEIGHTS IMAGE...\n");
    return 2;
  }
  try {
    const excite::Classifier classifier(argv[1]);
    for (int i = 2; i < argc; i++) {
      std::printf("%s\n", argv[i]);
      for (const auto& [name, probability] : classifier.top(argv[i], 5))
        std::printf("  %-16s %6.2f %%\n", name.c_str(), 100 * probability);
    }
  } catch (const std::exception& error) {  // such as: the file is damaged, or is not an image
    std::fprintf(stderr, "classify: %s\n", error.what());
    return 1;
  }
}
