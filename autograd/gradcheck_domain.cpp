// Where the checked function is not finite at its inputs: which of them lies outside its domain.
#include <cmath>
#include <numeric>

#include "autograd/gradcheck_parts.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"

namespace excite {

std::string not_finite(const Tensor& numbers) {
  for (real v : numbers)
    if (!std::isfinite(v)) return std::isnan(v) ? "nan" : v > 0 ? "inf" : "-inf";
  return "";
}

namespace {

// What f gives instead of finite numbers: "nan", "inf", "-inf" or "an error"; "" if it is finite.
std::string bad_result(const CheckedFunction& f) {
  try {
    return not_finite(f.value());
  } catch (const std::exception&) {
    return "an error";
  }
}

// The sentence for an input whose values have been replaced, and with them f is finite. Puts the
// old ones back, one after the other: an element is at fault if f is then no longer finite.
std::string elements_at_fault(const CheckedFunction& f, const CheckedInput& input,
                              const Tensor& old) {
  Tensor& x = input.x->value;
  std::string first;
  long count = 0;
  for (long i = 0; i < x.size(); i++) {
    const real replacement = std::exchange(x[i], old[i]);
    const std::string bad = bad_result(f);
    if (bad.empty()) continue;
    x[i] = replacement;
    if (count++ == 0)
      first = text(input.name, ", element ", index_text(x.shape(), i), " = ", old[i],
                   ": f is not finite there (", bad, "), but it is at ", replacement);
  }
  if (count == 0) return "";
  return text(first, "; the input lies outside the domain of the function; use values inside it (",
              count, " of ", x.size(), " elements)");
}

}  // namespace

// Replaces the values of each input in turn, then of all of them, by some that are in the domain of
// most functions: log and sqrt need positive ones, asin and atanh those below 1.
std::string outside_domain(CheckedFunction& f) {
  for (const CheckedInput& input : f.inputs())
    if (const std::string bad = not_finite(input.x->value); !bad.empty())
      return text(input.name, " has the value ", bad, ", expected finite numbers");
  const NoGrad no_grad;
  const std::vector<Tensor> old = values_of(f.inputs());
  std::vector<std::vector<std::size_t>> suspects;
  for (std::size_t i = 0; i < old.size(); i++) suspects.push_back({i});
  suspects.emplace_back(old.size());
  std::iota(suspects.back().begin(), suspects.back().end(), 0);

  for (const auto replacement :
       {+[](real v) { return std::abs(v); }, +[](real) { return real(0.5); },
        +[](real) { return real(2); }, +[](real) { return real(-0.5); }})
    for (const std::vector<std::size_t>& some : suspects) {
      for (std::size_t i : some) f.inputs()[i].x->value = map(replacement, old[i]);
      std::string sentences;
      if (bad_result(f).empty())
        for (std::size_t i : some) {
          const std::string sentence = elements_at_fault(f, f.inputs()[i], old[i]);
          if (!sentence.empty()) sentences += (sentences.empty() ? "" : "\n") + sentence;
        }
      for (std::size_t i : some) f.inputs()[i].x->value = old[i].clone();
      if (!sentences.empty()) return sentences;
    }
  return text("f is not finite at the inputs: its value ", f.y().shape(), " contains ",
              not_finite(f.y()), "; use inputs inside its domain");
}

}  // namespace excite
