//! Where a page of a list ended, as an opaque text.

use crate::{
    problem::{Answer, Problem},
    rows::ListPosition,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::At;
use uuid::Uuid;

/// The text for a position: 24 bytes in base64url. It says nothing that its reader did not just see.
pub fn write(position: ListPosition) -> String {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&position.local.0.to_be_bytes());
    bytes[8..].copy_from_slice(position.id.0.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads it; anything else is a 422.
pub fn read(cursor: Option<&str>) -> Answer<Option<ListPosition>> {
    let Some(text) = cursor else { return Ok(None) };
    let refused = || Problem::field("cursor", "must be the next_cursor of the page before");
    let bytes: [u8; 24] = URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|b| b.try_into().ok())
        .ok_or_else(refused)?;
    let (local, id) = bytes.split_at(8);
    let local = local.try_into().map(i64::from_be_bytes).map_err(|_| refused())?;
    let id = Uuid::from_slice(id).map_err(|_| refused())?;
    Ok(Some(ListPosition {
        local: At(local),
        id: id.into(),
    }))
}

/// How many items a page has: what is asked for, within bounds.
pub fn limit(asked: Option<u32>, default: u32, most: u32) -> Answer<u32> {
    match asked.unwrap_or(default) {
        n if (1..=most).contains(&n) => Ok(n),
        _ => Err(Problem::field("limit", format!("must be from 1 to {most}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(local: i64, id: u128) {
            let position = ListPosition { local: At(local), id: Uuid::from_u128(id).into() };
            prop_assert_eq!(read(Some(&write(position))).unwrap(), Some(position));
        }
        #[test]
        fn any_text_is_read_without_a_panic(text: String) {
            read(Some(&text)).ok();
        }
    }
}
