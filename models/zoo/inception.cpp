#include "models/zoo/inception.h"

#include <algorithm>

#include "models/network.h"

namespace excite::inception {

namespace {

// 3x3 windows of stride 2. On an even side the last window is cut off at the border, as in the
// paper. On an odd side one pixel of padding gives as many windows as a padded convolution has.
Var max_pool_to_half(const Var& x, const Pool2dOptions& window) {
  const auto kernel = [](long side) { return side % 2 ? 3l : std::min(3l, side); };
  const long h = x.shape()[1], w = x.shape()[2];
  return max_pool2d(x, {.kernel = {kernel(h), kernel(w)},
                        .stride = window.stride,
                        .pad = {h % 2, w % 2},
                        .ceil = true});
}

long channels_after(const Table& table, long in);

long channels_of(const std::vector<Table>& branches, long in) {
  long sum = 0;
  for (const Table& branch : branches) sum += channels_after(branch, in);
  return sum;
}

long channels_after(const Table& table, long in) {
  for (const Row& row : table)
    in = row.kind == Row::Kind::conv    ? row.out
         : row.kind == Row::Kind::mixed ? channels_of(row.branches, in)
                                        : in;
  return in;
}

// The side of the output for a square image; 0 if some window is larger than its input.
long side_after(const Table& table, long side) {
  for (const Row& row : table) {
    const Pool2dOptions& o = row.window;
    const long before = side;
    for (const Table& branch : row.branches) side = std::min(side, side_after(branch, before));
    if (row.branches.empty())
      side = before + 2 * o.pad.h < o.kernel.h ? 0 : pool2d_shape({1, before, before, 1}, o)[1];
    if (side == 0) return 0;
  }
  return side;
}

Var run(const Layer& layer, const Var& x, Mode mode);

Var run(const std::vector<Layer>& layers, const Var& x, Mode mode) {
  Var u = x;
  for (const Layer& layer : layers) u = run(layer, u, mode);
  return u;
}

Var concat_branches(const std::vector<std::vector<Layer>>& branches, const Var& x, Mode mode) {
  std::vector<Var> parts;
  for (const std::vector<Layer>& branch : branches) parts.push_back(run(branch, x, mode));
  return concat_channels(parts);
}

Var run(const Layer& layer, const Var& x, Mode mode) {
  const Row& row = layer.row;
  switch (row.kind) {
    case Row::Kind::conv: return conv_norm_relu(*layer.conv_bn, x, mode);
    case Row::Kind::pool: return row.pool(x, row.window);
    case Row::Kind::mixed:
      return apply_se_at(Placement::standard, layer.se, concat_branches(layer.branches, x, mode));
    case Row::Kind::residual: break;
  }
  Var u = concat_branches(layer.branches, apply_se_at(Placement::pre, layer.se, x), mode);
  u = (*layer.linear)(apply_se_at(Placement::inside, layer.se, u));
  const Var added =
      scale(apply_se_at(Placement::standard, layer.se, u), static_cast<real>(row.scale));
  return apply_se_at(Placement::post, layer.se,
                     row.activation(add(added, apply_se_at(Placement::identity, layer.se, x))));
}

}  // namespace

// ---- the rows of a table ----

Row conv(const std::string& name, Size2 kernel, long out, long stride) {
  return {.kind = Row::Kind::conv,
          .name = name,
          .window = {.kernel = kernel, .stride = stride, .pad = {kernel.h / 2, kernel.w / 2}},
          .out = out};
}

Row valid_conv(const std::string& name, Size2 kernel, long out, long stride) {
  return {.kind = Row::Kind::conv,
          .name = name,
          .window = {.kernel = kernel, .stride = stride},
          .out = out};
}

Row max_pool(const Pool2dOptions& window) {
  return {.kind = Row::Kind::pool, .window = window, .pool = max_pool2d};
}
Row avg_pool(const Pool2dOptions& window) {
  return {.kind = Row::Kind::pool, .window = window, .pool = avg_pool2d};
}
Row half_max_pool() {
  return {.kind = Row::Kind::pool,
          .window = {.kernel = 3, .stride = 2, .pad = 1},
          .pool = max_pool_to_half};
}

Row mixed(const std::string& name, long stage, const std::vector<Table>& branches) {
  return {.kind = Row::Kind::mixed, .name = name, .branches = branches, .stage = stage};
}

Row split(const std::vector<Table>& parts) { return mixed("", 0, parts); }

Row residual(const std::string& name, long stage, double scale,
             const std::vector<Table>& branches) {
  return {.kind = Row::Kind::residual,
          .name = name,
          .branches = branches,
          .stage = stage,
          .scale = scale};
}

Table divide_channels(Table table, long divisor) {
  for (Row& row : table) {
    row.out /= divisor;
    for (Table& branch : row.branches) branch = divide_channels(branch, divisor);
  }
  return table;
}

// ---- networks ----

Network::Network(const Design& d, long classes, Rng& rng)
    : design(d),
      layers(make(d.table, "", 3, rng)),
      fc(own(d.classifier, Linear(channels_after(d.table, 3), classes, rng))) {
  if (d.dropout > 0) dropout = own("dropout", Dropout(static_cast<real>(d.dropout)));
}

std::vector<Layer> Network::make(const Table& table, const std::string& prefix, long in, Rng& rng) {
  std::vector<Layer> all;
  for (const Row& row : table) {
    all.push_back(make(row, prefix, in, rng));
    in = channels_after({row}, in);
  }
  return all;
}

Layer Network::make(const Row& row, const std::string& prefix, long in, Rng& rng) {
  const std::string name =
      prefix.empty() || row.name.empty() ? prefix + row.name : prefix + "." + row.name;
  const Pool2dOptions& o = row.window;
  Layer layer{.row = row};
  if (row.kind == Row::Kind::conv)
    layer.conv_bn = ConvNorm{
        own(name + ".conv", Conv2d(in, row.out, o.kernel, rng, {.stride = o.stride, .pad = o.pad})),
        own(name + ".bn", BatchNorm2d(row.out, design.eps))};
  for (const Table& branch : row.branches) layer.branches.push_back(make(branch, name, in, rng));
  const long middle = channels_of(row.branches, in);
  if (row.kind == Row::Kind::residual)
    layer.linear = own(name + ".conv2d", Conv2d(middle, in, 1, rng, {}, Bias::uniform));
  if (const auto se = se_in_stage(design.se, row.stage)) {
    const Placement place = row.kind == Row::Kind::residual ? se->place : Placement::standard;
    const long channels =
        row.kind == Row::Kind::residual ? se_channels(place, in, middle, in) : middle;
    layer.se = PlacedSe{own(name + ".se", SqueezeExcite(channels, *se, rng)), place};
  }
  return layer;
}

long Network::min_image_size() const {
  long side = 1;
  while (side_after(design.table, side) == 0) side++;
  return side;
}

Var Network::operator()(const Var& x, Mode mode) const {
  require_network_input(design.name, x, min_image_size());
  const Var u = global_avg_pool(run(layers, x, mode));
  return fc(dropout ? (*dropout)(u, mode) : u);
}

}  // namespace excite::inception
