//! The inverse DCT at a fraction of the size: an N-point transform of the N lowest coefficients of an 8-point one.
//!
//! Source: K. R. Rao, P. Yip, "Discrete Cosine Transform", 1990; libjpeg's `jidctint.c` has the same for each size.

use std::f32::consts::PI;

/// The order in which coefficients are stored (T.81, figure 5).
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// What coefficient `k` of an `N`-point transform adds to the sample at `x`, as `basis[k][x]`; zeros behind the last sample, so
/// that rows fill whole vectors.
fn basis<const N: usize, const LANES: usize>() -> [[f32; LANES]; N] {
    let mut basis = [[0.0; LANES]; N];
    for (k, row) in basis.iter_mut().enumerate() {
        let weight = if k == 0 { 0.125f32.sqrt() } else { 0.5 };
        for (x, value) in row.iter_mut().take(N).enumerate() {
            *value = weight * ((2 * x + 1) as f32 * k as f32 * PI / (2 * N) as f32).cos();
        }
    }
    basis
}

/// An inverse transform of blocks to `X` by `Y` samples, in rows of `LANES`.
struct Inverse<const X: usize, const Y: usize, const LANES: usize> {
    across: [[f32; LANES]; X],
    down: [[f32; Y]; Y],
}

/// Makes samples of blocks.
pub(super) trait Block: Send + Sync {
    /// From coefficients by row and column, of which the first `rows` rows are not all zero. `samples` begins at the first
    /// one and has `pitch` to a row.
    fn put(&self, coefficients: &[f32; 64], rows: usize, samples: &mut [u8], pitch: usize);
    /// The same for a block of one value.
    fn fill(&self, value: f32, samples: &mut [u8], pitch: usize);
    /// The last position in zigzag order that matters.
    fn last(&self) -> u32;
}

/// A sample as a byte, by the lowest bits of a number whose fraction was pushed out.
#[inline(always)]
fn byte(value: f32) -> u8 {
    ((value + 128.0).clamp(0.0, 255.0) + 8_388_608.0).to_bits() as u8
}

impl<const X: usize, const Y: usize, const LANES: usize> Block for Inverse<X, Y, LANES> {
    #[inline]
    fn put(&self, coefficients: &[f32; 64], rows: usize, samples: &mut [u8], pitch: usize) {
        let mut half = [[0.0f32; LANES]; Y];
        let (coefficients, _) = coefficients.as_chunks::<8>();
        for (half, row) in half.iter_mut().zip(coefficients).take(rows) {
            for (across, coefficient) in self.across.iter().zip(row) {
                for lane in 0..LANES {
                    half[lane] += coefficient * across[lane];
                }
            }
        }
        for y in 0..Y {
            let mut out = [0.0f32; LANES];
            for (half, down) in half.iter().zip(&self.down).take(rows) {
                for lane in 0..LANES {
                    out[lane] += half[lane] * down[y];
                }
            }
            let bytes = out.map(byte);
            if let (Some(samples), Some(bytes)) = (samples.get_mut(y * pitch..y * pitch + X), bytes.get(..X)) {
                samples.copy_from_slice(bytes);
            }
        }
    }

    #[inline]
    fn fill(&self, value: f32, samples: &mut [u8], pitch: usize) {
        let value = byte(value * 0.125);
        for y in 0..Y {
            if let Some(samples) = samples.get_mut(y * pitch..y * pitch + X) {
                samples.fill(value);
            }
        }
    }

    fn last(&self) -> u32 {
        let inside = |natural: &u8| usize::from(natural & 7) < X && usize::from(natural >> 3) < Y;
        ZIGZAG.iter().rposition(inside).unwrap_or(0) as u32
    }
}

fn make<const X: usize, const Y: usize, const LANES: usize>() -> Box<dyn Block> {
    Box::new(Inverse::<X, Y, LANES> {
        across: basis(),
        down: basis(),
    })
}

/// The transform to `x` by `y` samples, if there is one.
pub(super) fn inverse(x: usize, y: usize) -> Option<Box<dyn Block>> {
    Some(match (x, y) {
        (1, 1) => make::<1, 1, 1>(),
        (1, 2) => make::<1, 2, 1>(),
        (2, 1) => make::<2, 1, 2>(),
        (2, 2) => make::<2, 2, 2>(),
        (2, 4) => make::<2, 4, 2>(),
        (4, 2) => make::<4, 2, 4>(),
        (3, 3) => make::<3, 3, 4>(),
        (3, 6) => make::<3, 6, 4>(),
        (6, 3) => make::<6, 3, 8>(),
        (6, 6) => make::<6, 6, 8>(),
        (4, 4) => make::<4, 4, 4>(),
        (4, 8) => make::<4, 8, 4>(),
        (8, 4) => make::<8, 4, 8>(),
        (8, 8) => make::<8, 8, 8>(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Any smooth block, transformed by the definition of the DCT (T.81, A.3.3), comes back at every size.
    #[test]
    fn a_slope_stays_a_slope_at_every_size() {
        let pixel = |x: f32, y: f32| 3.0 * x - 2.0 * y + 7.0;
        let mut coefficients = [0.0f32; 64];
        for v in 0..8 {
            for u in 0..8 {
                let c = |k: usize| if k == 0 { 0.5f32.sqrt() } else { 1.0 };
                let wave = |at: usize, k: usize| ((2 * at + 1) as f32 * k as f32 * PI / 16.0).cos();
                let sum: f32 = (0..64)
                    .map(|i| pixel((i % 8) as f32 - 3.5, (i / 8) as f32 - 3.5) * wave(i % 8, u) * wave(i / 8, v))
                    .sum();
                coefficients[v * 8 + u] = sum * c(u) * c(v) / 4.0;
            }
        }
        for (x, y) in [(1, 1), (2, 2), (3, 3), (4, 4), (6, 6), (8, 8), (4, 2), (3, 6), (8, 4)] {
            let mut samples = [0; 64];
            inverse(x, y)
                .expect("there is one")
                .put(&coefficients, 8.min(y), &mut samples, 8);
            for i in 0..x * y {
                let (column, row) = (i % x, i / x);
                let middle = |at: usize, n: usize| (at as f32 + 0.5) * 8.0 / n as f32 - 4.0;
                let want = pixel(middle(column, x), middle(row, y)) + 128.0;
                let got = f32::from(samples[row * 8 + column]);
                assert!(
                    (got - want).abs() < 2.0,
                    "{x} by {y} at {column}, {row}: {got}, not {want}"
                );
            }
        }
    }
}
