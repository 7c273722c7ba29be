//! What stands before the picture in a baseline JPEG (ITU-T T.81, annex B).

use super::huffman::Code;
use crate::bytes::be16;

pub(super) struct Component {
    pub(super) id: u8,
    /// Blocks of each unit, across and down.
    pub(super) across: usize,
    pub(super) down: usize,
    pub(super) quantization: usize,
}

pub(super) struct Frame {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) components: Vec<Component>,
}

#[derive(Default)]
pub(super) struct Header {
    pub(super) frame: Option<Frame>,
    pub(super) quantization: [Option<[u16; 64]>; 4],
    pub(super) first_codes: [Option<Code>; 4],
    pub(super) other_codes: [Option<Code>; 4],
    pub(super) restart: usize,
    /// What Adobe's segment says of the colours.
    pub(super) transform: Option<u8>,
    pub(super) jfif: bool,
}

/// Reads up to the first scan: what was read, the scan's own header, and the data behind it. `None`: not a file for this decoder.
pub(super) fn read(data: &[u8]) -> Option<(Header, &[u8], &[u8])> {
    let mut header = Header::default();
    let mut rest = data.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let (marker, content, behind) = segment(rest)?;
        rest = behind;
        match marker {
            0xC0 | 0xC1 => {
                if header.frame.is_some() {
                    return None;
                }
                header.frame = Some(frame(content)?);
            }
            0xC4 => codes(content, &mut header)?,
            0xDB => quantization(content, &mut header.quantization)?,
            0xDD => header.restart = usize::from(be16(content, 0)?),
            0xDA => return Some((header, content, rest)),
            0xE0 => header.jfif |= content.starts_with(b"JFIF\0"),
            0xEE if content.starts_with(b"Adobe") => header.transform = Some(*content.get(11)?),
            0xE1..=0xEF | 0xFE => {}
            _ => return None,
        }
    }
}

/// A marker, its content, and what is behind it.
fn segment(data: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [0xFF, rest @ ..] = data else { return None };
    // Any number of 0xFF may fill up before a marker.
    let fill = rest.iter().position(|byte| *byte != 0xFF)?;
    let rest = rest.get(fill..)?;
    let (marker, rest) = rest.split_first()?;
    let length = usize::from(be16(rest, 0)?);
    Some((*marker, rest.get(2..length)?, rest.get(length..)?))
}

fn frame(content: &[u8]) -> Option<Frame> {
    let [8, _, _, _, _, count @ (1 | 3), components @ ..] = content else {
        return None;
    };
    let (height, width) = (usize::from(be16(content, 1)?), usize::from(be16(content, 3)?));
    if width == 0 || height == 0 || components.len() != usize::from(*count) * 3 {
        return None;
    }
    let mut components: Vec<Component> = components
        .chunks_exact(3)
        .map(|c| Component {
            id: c[0],
            across: usize::from(c[1] >> 4),
            down: usize::from(c[1] & 15),
            quantization: usize::from(c[2] & 3),
        })
        .collect();
    if let [only] = components.as_mut_slice() {
        // Alone, a component is stored block by block, whatever it says.
        (only.across, only.down) = (1, 1);
    }
    let fine = |c: &Component| matches!(c.across, 1 | 2) && matches!(c.down, 1 | 2);
    components.iter().all(fine).then_some(Frame {
        width,
        height,
        components,
    })
}

fn quantization(mut content: &[u8], tables: &mut [Option<[u16; 64]>; 4]) -> Option<()> {
    while let Some((kind, rest)) = content.split_first() {
        let wide = usize::from(kind >> 4);
        let mut table = [0; 64];
        for (position, value) in table.iter_mut().enumerate() {
            *value = match wide {
                0 => u16::from(*rest.get(position)?),
                1 => be16(rest, position * 2)?,
                _ => return None,
            };
        }
        *tables.get_mut(usize::from(kind & 15))? = Some(table);
        content = rest.get(64 << wide..)?;
    }
    Some(())
}

fn codes(mut content: &[u8], header: &mut Header) -> Option<()> {
    while let Some((kind, rest)) = content.split_first() {
        let counts: &[u8; 16] = rest.first_chunk()?;
        let length = counts.iter().map(|count| usize::from(*count)).sum::<usize>();
        let code = Code::new(counts, rest.get(16..16 + length)?)?;
        let place = usize::from(kind & 15);
        match kind >> 4 {
            0 => *header.first_codes.get_mut(place)? = Some(code),
            1 => *header.other_codes.get_mut(place)? = Some(code.with_tables()),
            _ => return None,
        }
        content = rest.get(16 + length..)?;
    }
    Some(())
}

/// Whether three components are what they are nearly always: brightness and two colours (as libjpeg tells it).
pub(super) fn is_ycc(frame: &Frame, header: &Header) -> bool {
    let ids: Vec<u8> = frame.components.iter().map(|c| c.id).collect();
    match header.transform {
        _ if header.jfif => true,
        Some(transform) => transform == 1,
        None => ids != *b"RGB",
    }
}
