//! Reading numbers out of bytes that nobody vouches for: every read is checked, none can panic.

/// Byte order of a TIFF structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Big,
    Little,
}

pub(crate) fn slice(data: &[u8], offset: usize, len: usize) -> Option<&[u8]> {
    data.get(offset..offset.checked_add(len)?)
}

fn array<const N: usize>(data: &[u8], offset: usize) -> Option<[u8; N]> {
    slice(data, offset, N)?.try_into().ok()
}

pub(crate) fn be16(data: &[u8], offset: usize) -> Option<u16> {
    array(data, offset).map(u16::from_be_bytes)
}

pub(crate) fn be32(data: &[u8], offset: usize) -> Option<u32> {
    array(data, offset).map(u32::from_be_bytes)
}

pub(crate) fn be64(data: &[u8], offset: usize) -> Option<u64> {
    array(data, offset).map(u64::from_be_bytes)
}

pub(crate) fn le16(data: &[u8], offset: usize) -> Option<u16> {
    array(data, offset).map(u16::from_le_bytes)
}

pub(crate) fn le32(data: &[u8], offset: usize) -> Option<u32> {
    array(data, offset).map(u32::from_le_bytes)
}

impl Order {
    pub(crate) fn u16(self, data: &[u8], offset: usize) -> Option<u16> {
        match self {
            Self::Big => be16(data, offset),
            Self::Little => le16(data, offset),
        }
    }

    pub(crate) fn u32(self, data: &[u8], offset: usize) -> Option<u32> {
        match self {
            Self::Big => be32(data, offset),
            Self::Little => le32(data, offset),
        }
    }
}

/// The place of `needle` in `haystack`.
pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}
