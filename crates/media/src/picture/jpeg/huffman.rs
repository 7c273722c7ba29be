//! The entropy-coded segment of a baseline JPEG (ITU-T T.81, annex F.2.2), read as fast as downscaling allows.
//!
//! Two thirds of the time of a preview is Huffman decoding, and most of what it decodes is thrown away: a quarter-size
//! picture needs 4 of the 64 coefficients of a block. So there are two tables for each code: one that gives a symbol
//! with its value, and one that steps over as many whole symbols as fit in a glance.

/// Bits of the table that gives a symbol with its value.
const VALUE_BITS: u32 = 11;
/// Bits of the table that steps over symbols. Larger ones step further and miss the nearest cache.
const SKIP_BITS: u32 = 12;
/// So many glances at that table are sure to find their bits after one filling.
const STEPS: u32 = 56 / SKIP_BITS;
/// Bits of the table of codes alone.
const CODE_BITS: u32 = 9;
/// In an advance: the block ends here.
const END: u32 = 0x80;

/// A Huffman code (DHT segment) with its tables.
pub(super) struct Code {
    /// By the next bits: length of the code and its symbol; 0 where the code is longer.
    codes: Vec<u16>,
    /// For longer codes: the largest code of each length, left-aligned in 16 bits, plus one; and what to add to find its symbol.
    limits: [u32; 17],
    offsets: [i32; 17],
    symbols: Vec<u8>,
    /// By the next bits: bits used (6), advance (8, from the ninth bit on), value (16).
    values: Vec<u32>,
    /// By the next bits: bits used (6), advance (6), whether the block ends (1). Bits come first, so that an entry as it is shifts by them.
    skips: Vec<u16>,
}

/// One symbol with its value.
#[derive(Clone, Copy)]
struct Symbol {
    bits: u32,
    /// Positions to go on by; [`END`] at the end of a block.
    advance: u32,
    value: i32,
}

impl Code {
    /// `counts`: how many codes have each length, 1 to 16. `None` when they do not fit.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Code> {
        let mut code = Code {
            codes: vec![0; 1 << CODE_BITS],
            limits: [0; 17],
            offsets: [0; 17],
            symbols: symbols.to_vec(),
            values: Vec::new(),
            skips: Vec::new(),
        };
        let (mut next, mut index) = (0u32, 0usize);
        for length in 1..=16u32 {
            let count = usize::from(*counts.get(length as usize - 1)?);
            code.offsets[length as usize] = i32::try_from(index).ok()? - i32::try_from(next).ok()?;
            for _ in 0..count {
                let symbol = *symbols.get(index)?;
                if next >= 1 << length {
                    return None;
                }
                if length <= CODE_BITS {
                    let first = (next << (CODE_BITS - length)) as usize;
                    let entry = (length as u16) << 8 | u16::from(symbol);
                    code.codes
                        .get_mut(first..first + (1 << (CODE_BITS - length)))?
                        .fill(entry);
                }
                (next, index) = (next + 1, index + 1);
            }
            code.limits[length as usize] = next << (16 - length);
            next <<= 1;
        }
        Some(code)
    }

    /// Makes the tables for coefficients behind the first; codes of first coefficients do without.
    pub(super) fn with_tables(mut self) -> Code {
        self.values = (0..1u64 << VALUE_BITS)
            .map(|pattern| self.value_entry(pattern << (64 - VALUE_BITS)))
            .collect();
        self.skips = (0..1u64 << SKIP_BITS)
            .map(|pattern| self.skip_entry(pattern << (64 - SKIP_BITS)))
            .collect();
        self
    }

    /// Length and symbol of the code that the next bits begin with.
    #[inline(always)]
    fn lookup(&self, next: u64) -> Option<(u32, u8)> {
        let entry = self.codes[(next >> (64 - CODE_BITS)) as usize];
        if entry != 0 {
            return Some((u32::from(entry >> 8), entry as u8));
        }
        let first16 = (next >> 48) as u32;
        let length = (CODE_BITS as usize + 1..=16).find(|length| first16 < self.limits[*length])?;
        let index = i32::try_from(first16 >> (16 - length)).ok()? + self.offsets[length];
        Some((length as u32, *self.symbols.get(usize::try_from(index).ok()?)?))
    }

    #[inline(always)]
    fn symbol(&self, next: u64) -> Option<Symbol> {
        let (length, symbol) = self.lookup(next)?;
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        let advance = match (run, size) {
            (15, 0) => 16,
            // Runs with other sizes of 0 have a meaning in progressive files only; here, as everywhere, they end the block.
            (_, 0) => END,
            _ => run + 1,
        };
        Some(Symbol {
            bits: length + size,
            advance,
            value: extended(next << length, size),
        })
    }

    /// 0 when the symbol is longer than the table.
    fn value_entry(&self, next: u64) -> u32 {
        match self.symbol(next) {
            Some(s) if s.bits <= VALUE_BITS => (s.value as u16 as u32) << 16 | s.advance << 8 | s.bits,
            _ => 0,
        }
    }

    fn skip_entry(&self, next: u64) -> u16 {
        let (mut bits, mut advance, mut end) = (0, 0, 0);
        while let Some(s) = self.symbol(next << bits) {
            if bits + s.bits > SKIP_BITS || advance + (s.advance & !END) > 63 {
                break;
            }
            bits += s.bits;
            if s.advance == END {
                end = 1;
                break;
            }
            advance += s.advance;
        }
        (bits | advance << 6 | end << 12) as u16
    }
}

/// The next `size` bits as a signed number (T.81, F.2.2.1, EXTEND).
#[inline(always)]
fn extended(next: u64, size: u32) -> i32 {
    if size == 0 {
        return 0;
    }
    let value = (next >> (64 - size)) as i32;
    if value < 1 << (size - 1) {
        value - (1 << size) + 1
    } else {
        value
    }
}

/// Puts the entropy-coded bytes before the next marker into `plain`, without the zero that follows each 0xFF (T.81, F.1.2.3); gives how many
/// bytes of `data` they are.
pub(super) fn unstuff(data: &[u8], plain: &mut Vec<u8>) -> usize {
    plain.clear();
    let mut rest = data;
    while let Some(found) = memchr::memchr(0xFF, rest) {
        let (before, behind) = rest.split_at(found);
        plain.extend_from_slice(before);
        let [0xFF, 0, behind @ ..] = behind else {
            return data.len() - behind.len();
        };
        plain.push(0xFF);
        rest = behind;
    }
    plain.extend_from_slice(rest);
    data.len()
}

/// The bits of one segment between markers, [unstuffed](unstuff). The hot loops work on a copy, which then lives in registers.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, the first one highest.
    next: u64,
    /// How many of them count.
    count: u32,
    /// How many of them are zeros that were put behind the end.
    made_up: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            at: 0,
            next: 0,
            count: 0,
            made_up: 0,
        }
    }

    /// At least 56 bits. Behind the end zeros are put, which is noticed in [`Bits::is_whole`].
    #[inline(always)]
    fn fill(&mut self) {
        let Some(eight) = self.data.get(self.at..).and_then(<[u8]>::first_chunk) else {
            *self = self.filled_slowly();
            return;
        };
        self.next |= u64::from_be_bytes(*eight) >> self.count;
        self.at += ((63 - self.count) >> 3) as usize;
        self.count |= 56;
    }

    #[cold]
    #[inline(never)]
    fn filled_slowly(mut self) -> Self {
        while self.count < 56 {
            match self.data.get(self.at) {
                Some(byte) => {
                    self.at += 1;
                    self.next |= u64::from(*byte) << (56 - self.count);
                }
                None => self.made_up += 8,
            }
            self.count += 8;
        }
        self
    }

    #[inline(always)]
    fn take(&mut self, bits: u32) {
        // There are never more than 31, and a check here would be one for each symbol.
        self.next = self.next.wrapping_shl(bits);
        self.count = self.count.wrapping_sub(bits & 63);
    }

    /// The difference of a block's first coefficient.
    #[inline(always)]
    pub(super) fn difference(&mut self, code: &Code) -> Option<i32> {
        if self.count < 32 {
            self.fill();
        }
        let (length, size) = code.lookup(self.next)?;
        let size = u32::from(size);
        if size > 15 {
            return None;
        }
        let value = extended(self.next << length, size);
        self.take(length + size);
        Some(value)
    }

    /// The other coefficients of a block, up to position `last` in zigzag order; those behind it are stepped over. `put` gets
    /// position and value. Gives a position behind which there were none up to `last`.
    #[inline(always)]
    pub(super) fn others(&mut self, code: &Code, last: u32, put: impl FnMut(usize, i32)) -> Option<usize> {
        let mut bits = *self;
        let done = bits.read_others(code, last, put);
        *self = bits;
        done
    }

    #[inline(always)]
    fn read_others(&mut self, code: &Code, last: u32, mut put: impl FnMut(usize, i32)) -> Option<usize> {
        let values: &[u32; 1 << VALUE_BITS] = code.values.as_slice().try_into().ok()?;
        let skips: &[u16; 1 << SKIP_BITS] = code.skips.as_slice().try_into().ok()?;
        let mut at = 1u32;
        while at <= last {
            self.fill();
            let entry = values[(self.next >> (64 - VALUE_BITS)) as usize];
            let symbol = if entry == 0 {
                code.symbol(self.next)?
            } else {
                Symbol {
                    bits: entry & 0xFF,
                    advance: entry >> 8 & 0xFF,
                    value: i32::from((entry >> 16) as u16 as i16),
                }
            };
            self.take(symbol.bits);
            if symbol.advance == END {
                return Some(at as usize - 1);
            }
            at += symbol.advance;
            if at > 64 {
                return None;
            }
            if symbol.value != 0 {
                put(at as usize - 1, symbol.value);
            }
        }
        while at < 64 {
            self.fill();
            for _ in 0..STEPS {
                let entry = u32::from(skips[(self.next >> (64 - SKIP_BITS)) as usize]);
                let (advance, end) = (entry >> 6 & 63, entry >> 12);
                // An end that follows the last position is not this block's.
                if entry == 0 || at + advance + end > 64 {
                    if at == 64 {
                        break;
                    }
                    self.fill();
                    let symbol = code.symbol(self.next)?;
                    self.take(symbol.bits);
                    if symbol.advance == END {
                        return Some(last as usize);
                    }
                    at += symbol.advance;
                    break;
                }
                self.take(entry);
                at += advance;
                if end != 0 {
                    return Some(last as usize);
                }
            }
        }
        (at == 64).then_some(last as usize)
    }

    /// Whether no more was read than there was.
    pub(super) fn is_whole(self) -> bool {
        self.made_up <= self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The code of luminance coefficients that most encoders use begins so (T.81, table K.5), cut to few symbols.
    fn code() -> Code {
        let counts = [0, 2, 1, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1];
        let symbols = [0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0xF0, 0xA5];
        Code::new(&counts, &symbols).expect("a code").with_tables()
    }

    #[test]
    fn stuffed_zeros_are_taken_out_up_to_the_marker() {
        for (data, plain, length) in [
            (&[1, 0xFF, 0, 2, 0xFF, 0xD0, 9][..], &[1, 0xFF, 2][..], 4),
            (&[0xFF, 0, 0xFF, 0xFF, 0xD9], &[0xFF], 2),
            (&[1, 2, 0xFF], &[1, 2], 2),
            (&[1, 0xFF, 0, 0], &[1, 0xFF, 0], 4),
        ] {
            let mut out = vec![7];
            assert_eq!((unstuff(data, &mut out), &out[..]), (length, plain), "{data:?}");
        }
    }

    proptest! {
        /// Whatever comes, both tables say what the bits say one by one, and nothing panics.
        #[test]
        fn stepping_over_ends_where_reading_ends(data in proptest::collection::vec(any::<u8>(), 0..200), last in 0u32..64) {
            let code = code();
            let (mut all, mut some) = (Bits::new(&data), Bits::new(&data));
            for _ in 0..20 {
                let (mut whole, mut part) = (vec![], vec![]);
                let ends = (
                    all.others(&code, 63, |at, value| whole.push((at, value))),
                    some.others(&code, last, |at, value| part.push((at, value))),
                );
                whole.retain(|(at, _)| *at <= last as usize);
                part.retain(|(at, _)| *at <= last as usize);
                prop_assert_eq!(ends.0.is_none(), ends.1.is_none());
                let (Some(_), Some(behind)) = ends else { return Ok(()) };
                prop_assert!(part.iter().all(|(at, _)| *at <= behind));
                prop_assert_eq!(&whole, &part);
                prop_assert_eq!(all.count % 8, some.count % 8);
            }
        }

        #[test]
        fn any_code_is_made_or_refused(counts: [u8; 16], symbols in proptest::collection::vec(any::<u8>(), 0..300), next: u64) {
            if let Some(code) = Code::new(&counts, &symbols) {
                let code = code.with_tables();
                let _unused = code.symbol(next).is_some();
            }
        }
    }
}
