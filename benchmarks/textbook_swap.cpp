// Swap Monte Carlo as a textbook has it: the baseline of bench_swap.py.
//
// One Verlet list for all particles, wide enough for the largest pair (x_c sigma_max + skin), made
// anew as a whole when a particle has strayed half the skin; scalar double precision throughout;
// std::mt19937_64; Metropolis. Same model, move mix and partner window as the package.
//
//     textbook_swap CONFIGURATION TEMPERATURE P_SWAP WINDOW STEP SKIN MOVES SAMPLES SEED
//
// CONFIGURATION: N and the box edges, then x y z diameter per line. Prints: moves per CPU second,
// mean energy, displacement and swap acceptance, list rebuilds, |sum of changes - recomputed|.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>

constexpr double kCutoff = 1.25;
constexpr double kCutoff2 = kCutoff * kCutoff;
constexpr double kNonadditivity = 0.2;

struct Vector {
  double x, y, z;
};

struct System {
  int n = 0;
  double box[3];
  double c0, c2, c4;
  double skin;
  std::vector<Vector> position, reference;
  std::vector<double> diameter;
  std::vector<std::vector<int>> neighbors;
  long rebuilds = 0;

  double image(double d, int axis) const { return d - box[axis] * std::nearbyint(d / box[axis]); }

  double distance2(const Vector& a, const Vector& b) const {
    const double x = image(a.x - b.x, 0), y = image(a.y - b.y, 1), z = image(a.z - b.z, 2);
    return x * x + y * y + z * z;
  }

  double pair_energy(double r2, double di, double dj) const {
    const double sigma = 0.5 * (di + dj) * (1.0 - kNonadditivity * std::fabs(di - dj));
    const double x2 = r2 / (sigma * sigma);
    if (x2 >= kCutoff2) return 0.0;
    const double inverse = 1.0 / x2;
    const double power6 = inverse * inverse * inverse;
    return power6 * power6 + c0 + x2 * (c2 + x2 * c4);
  }

  // Energy of particle i at a place and with a size, its pair with `other` left out.
  double particle_energy(int i, const Vector& place, double size, int other) const {
    double sum = 0.0;
    for (int j : neighbors[i])
      if (j != other) sum += pair_energy(distance2(place, position[j]), size, diameter[j]);
    return sum;
  }

  double total_energy() const {
    double sum = 0.0;
    for (int i = 0; i < n; ++i)
      for (int j = i + 1; j < n; ++j)
        sum += pair_energy(distance2(position[i], position[j]), diameter[i], diameter[j]);
    return sum;
  }

  void rebuild() {
    const double largest = *std::max_element(diameter.begin(), diameter.end());
    const double list_cutoff2 = std::pow(kCutoff * largest + skin, 2);
    for (auto& row : neighbors) row.clear();
    for (int i = 0; i < n; ++i)
      for (int j = i + 1; j < n; ++j)
        if (distance2(position[i], position[j]) < list_cutoff2) {
          neighbors[i].push_back(j);
          neighbors[j].push_back(i);
        }
    reference = position;
    ++rebuilds;
  }
};

System read_system(const char* path, double skin) {
  System s;
  std::FILE* file = std::fopen(path, "r");
  bool good = file && std::fscanf(file, "%d %lf %lf %lf", &s.n, s.box, s.box + 1, s.box + 2) == 4;
  s.position.resize(s.n);
  s.diameter.resize(s.n);
  for (int i = 0; good && i < s.n; ++i) {
    Vector& p = s.position[i];
    good = std::fscanf(file, "%lf %lf %lf %lf", &p.x, &p.y, &p.z, &s.diameter[i]) == 4;
  }
  if (!good) {
    std::fprintf(stderr, "cannot read %s\n", path);
    std::exit(2);
  }
  std::fclose(file);
  s.skin = skin;
  s.c0 = -28.0 / std::pow(kCutoff, 12);
  s.c2 = 48.0 / std::pow(kCutoff, 14);
  s.c4 = -21.0 / std::pow(kCutoff, 16);
  s.neighbors.resize(s.n);
  s.rebuild();
  return s;
}

struct Tally {
  long displacements = 0, displacements_accepted = 0, swaps = 0, swaps_accepted = 0;
  double energy_change = 0.0;
};

int main(int argc, char** argv) {
  if (argc != 10) return 2;
  const double temperature = std::atof(argv[2]), p_swap = std::atof(argv[3]);
  const double window = std::atof(argv[4]), step = std::atof(argv[5]);
  System s = read_system(argv[1], std::atof(argv[6]));
  const long moves = std::atol(argv[7]), samples = std::atol(argv[8]);
  std::mt19937_64 generator(std::atol(argv[9]));
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  std::uniform_int_distribution<int> any(0, s.n - 1);
  const double start_energy = s.total_energy();
  const double half_skin2 = 0.25 * s.skin * s.skin;
  Tally t;
  double cpu = 0.0, mean_energy = 0.0;
  for (long sample = 0; sample < samples; ++sample) {
    const std::clock_t begin = std::clock();
    for (long move = 0; move < moves / samples; ++move) {
      const int i = any(generator);
      if (uniform(generator) < p_swap) {
        ++t.swaps;
        const int j = any(generator);
        const double di = s.diameter[i], dj = s.diameter[j];
        if (i == j || std::fabs(di - dj) >= window) continue;
        const double change = s.particle_energy(i, s.position[i], dj, j) +
                              s.particle_energy(j, s.position[j], di, i) -
                              s.particle_energy(i, s.position[i], di, j) -
                              s.particle_energy(j, s.position[j], dj, i);
        if (change <= 0.0 || uniform(generator) < std::exp(-change / temperature)) {
          std::swap(s.diameter[i], s.diameter[j]);
          t.energy_change += change;
          ++t.swaps_accepted;
        }
      } else {
        ++t.displacements;
        Vector trial = s.position[i];
        trial.x += step * (2.0 * uniform(generator) - 1.0);
        trial.y += step * (2.0 * uniform(generator) - 1.0);
        trial.z += step * (2.0 * uniform(generator) - 1.0);
        // A trial beyond half the skin may meet particles that the list lacks
        if (s.distance2(trial, s.reference[i]) >= half_skin2) s.rebuild();
        const double change = s.particle_energy(i, trial, s.diameter[i], -1) -
                              s.particle_energy(i, s.position[i], s.diameter[i], -1);
        if (change <= 0.0 || uniform(generator) < std::exp(-change / temperature)) {
          s.position[i] = trial;
          t.energy_change += change;
          ++t.displacements_accepted;
        }
      }
    }
    cpu += double(std::clock() - begin) / CLOCKS_PER_SEC;
    mean_energy += s.total_energy() / samples;
  }
  std::printf("%.17g %.17g %.17g %.17g %ld %.3g\n", moves / cpu, mean_energy,
              double(t.displacements_accepted) / std::max(1L, t.displacements),
              double(t.swaps_accepted) / std::max(1L, t.swaps), s.rebuilds,
              std::fabs(start_energy + t.energy_change - s.total_energy()));
}
