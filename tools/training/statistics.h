// Mean and 95 % interval of the results of several runs.
#pragma once
#include <vector>

namespace excite {

// The value t that a variable of Student's distribution with so many degrees of freedom, which need
// not be whole, exceeds in absolute value with probability 5 %. Error unless degrees > 0.
double student_t95(double degrees);

struct Estimate {
  double mean = 0;
  double half_width = 0;  // of the 95 % interval; infinite if it cannot be known
};

double mean(const std::vector<double>& values);       // Error if there is none
double deviation(const std::vector<double>& values);  // sample standard deviation; 0 of one value

// mean +- t deviation / sqrt(n), with n - 1 degrees of freedom.
Estimate estimate_mean(const std::vector<double>& values);

// mean(b) - mean(a) +- t sqrt(va + vb) with va = deviation(a)^2 / n(a): Welch's interval, with
// (va + vb)^2 / (va^2 / (n(a) - 1) + vb^2 / (n(b) - 1)) degrees of freedom.
Estimate estimate_difference(const std::vector<double>& a, const std::vector<double>& b);

// The two-sided p-value of Welch's test: the probability of a difference of the means at least this
// large if the true one is 0. 1 if it cannot be known, as of one value.
double p_of_difference(const std::vector<double>& a, const std::vector<double>& b);

// p-values of several tests, adjusted so that with probability 95 % none of those below 0.05 is due
// to chance (Holm, Scand. J. Statist. 6, 1979): the k-th smallest of n times n - k + 1, but at most
// 1 and no less than that of a smaller one.
std::vector<double> adjust_holm(const std::vector<double>& p);

}  // namespace excite
