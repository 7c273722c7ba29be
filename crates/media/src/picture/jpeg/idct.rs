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

/// What coefficient `k` of a transform of `points` adds to the sample at `x`, as `basis[k][x]`; zeros behind the last sample, so
/// that rows fill whole vectors.
fn basis(points: usize) -> [[f32; 8]; 8] {
    let mut basis = [[0.0; 8]; 8];
    for (k, row) in basis.iter_mut().take(points).enumerate() {
        let weight = if k == 0 { 0.125f32.sqrt() } else { 0.5 };
        for (x, value) in row.iter_mut().take(points).enumerate() {
            *value = weight * ((2 * x + 1) as f32 * k as f32 * PI / (2 * points) as f32).cos();
        }
    }
    basis
}

/// What the common samplings come to at 1/8 to 4/8.
const SIZES: [(usize, usize); 14] = [
    (1, 1),
    (1, 2),
    (2, 1),
    (2, 2),
    (2, 4),
    (4, 2),
    (3, 3),
    (3, 6),
    (6, 3),
    (6, 6),
    (4, 4),
    (4, 8),
    (8, 4),
    (8, 8),
];

/// An inverse transform of blocks to `across` by `down` samples.
pub(super) struct Inverse {
    across: usize,
    down: usize,
    across_basis: [[f32; 8]; 8],
    down_basis: [[f32; 8]; 8],
    /// The last position in zigzag order that matters.
    pub(super) last: u32,
}

/// A sample as a byte, by the lowest bits of a number whose fraction was pushed out.
#[inline(always)]
fn byte(value: f32) -> u8 {
    ((value + 128.0).clamp(0.0, 255.0) + 8_388_608.0).to_bits() as u8
}

impl Inverse {
    /// The transform to `across` by `down` samples, if it is one of [`SIZES`].
    pub(super) fn new(across: usize, down: usize) -> Option<Self> {
        if !SIZES.contains(&(across, down)) {
            return None;
        }
        let inside = |natural: &u8| usize::from(natural & 7) < across && usize::from(natural >> 3) < down;
        Some(Self {
            across,
            down,
            across_basis: basis(across),
            down_basis: basis(down),
            last: u32::try_from(ZIGZAG.iter().rposition(inside)?).ok()?,
        })
    }

    /// Samples from coefficients by row and column, of which the first `rows` rows are not all zero. `samples` begins at the
    /// first one and has `pitch` to a row.
    #[inline(always)]
    pub(super) fn put(&self, coefficients: &[f32; 64], rows: usize, samples: &mut [u8], pitch: usize) {
        match (self.across, self.down) {
            (1, 1) => self.transform::<1, 1, 1>(coefficients, rows, samples, pitch),
            (2, 2) => self.transform::<2, 2, 2>(coefficients, rows, samples, pitch),
            (3, 3) => self.transform::<3, 3, 4>(coefficients, rows, samples, pitch),
            (4, 4) => self.transform::<4, 4, 4>(coefficients, rows, samples, pitch),
            (6, 6) => self.transform::<6, 6, 8>(coefficients, rows, samples, pitch),
            (8, 8) => self.transform::<8, 8, 8>(coefficients, rows, samples, pitch),
            (2, 4) => self.transform::<2, 4, 2>(coefficients, rows, samples, pitch),
            (4, 2) => self.transform::<4, 2, 4>(coefficients, rows, samples, pitch),
            (3, 6) => self.transform::<3, 6, 4>(coefficients, rows, samples, pitch),
            (6, 3) => self.transform::<6, 3, 8>(coefficients, rows, samples, pitch),
            (4, 8) => self.transform::<4, 8, 4>(coefficients, rows, samples, pitch),
            (8, 4) => self.transform::<8, 4, 8>(coefficients, rows, samples, pitch),
            (1, 2) => self.transform::<1, 2, 1>(coefficients, rows, samples, pitch),
            (2, 1) => self.transform::<2, 1, 2>(coefficients, rows, samples, pitch),
            // No other size can be made.
            _ => {}
        }
    }

    #[inline(always)]
    fn transform<const X: usize, const Y: usize, const LANES: usize>(
        &self,
        coefficients: &[f32; 64],
        rows: usize,
        samples: &mut [u8],
        pitch: usize,
    ) {
        // Most blocks reach into few rows; how many exactly is not worth a jump that is guessed wrong.
        if Y > 4 && rows <= 4 {
            self.transform_rows::<X, Y, LANES, 4>(coefficients, samples, pitch);
        } else {
            self.transform_rows::<X, Y, LANES, Y>(coefficients, samples, pitch);
        }
    }

    /// With the first `ROWS` rows of coefficients.
    #[inline(always)]
    fn transform_rows<const X: usize, const Y: usize, const LANES: usize, const ROWS: usize>(
        &self,
        coefficients: &[f32; 64],
        samples: &mut [u8],
        pitch: usize,
    ) {
        let mut half = [[0.0f32; LANES]; ROWS];
        let (coefficients, _) = coefficients.as_chunks::<8>();
        for (half, row) in half.iter_mut().zip(coefficients) {
            for (across, coefficient) in self.across_basis.iter().zip(row).take(X) {
                for lane in 0..LANES {
                    half[lane] += coefficient * across[lane];
                }
            }
        }
        for y in 0..Y {
            let mut out = [0.0f32; LANES];
            for (half, down) in half.iter().zip(&self.down_basis) {
                for lane in 0..LANES {
                    out[lane] += half[lane] * down[y];
                }
            }
            let mut bytes = [0; LANES];
            for lane in 0..LANES {
                bytes[lane] = byte(out[lane]);
            }
            if let (Some(samples), Some(bytes)) = (samples.get_mut(y * pitch..y * pitch + X), bytes.get(..X)) {
                samples.copy_from_slice(bytes);
            }
        }
    }

    /// The same for a block of one value.
    #[inline(always)]
    pub(super) fn fill(&self, value: f32, samples: &mut [u8], pitch: usize) {
        let value = byte(value * 0.125);
        for y in 0..self.down {
            if let Some(samples) = samples.get_mut(y * pitch..y * pitch + self.across) {
                samples.fill(value);
            }
        }
    }
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
            Inverse::new(x, y)
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
