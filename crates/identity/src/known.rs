//! Tokens whose signature was checked a moment ago. A page of photos is a hundred requests with the same token, and checking its
//! signature costs more than all else that a thumbnail needs.

use crate::token::Claims;
use std::sync::{Mutex, PoisonError};

/// A digest decides on the place; a token that is not seen for a while makes room for another. About 200 KB when full.
const PLACES: usize = 1024;

/// What tokens say, by the SHA-256 of the whole token. Only genuine ones are remembered, and only what never changes: whether their
/// time is over and their session lives is asked each time.
pub(crate) struct Known(Box<[Place]>);

type Place = Mutex<Option<([u8; 32], Claims)>>;

impl Known {
    pub(crate) fn new() -> Known {
        Known((0..PLACES).map(|_| Mutex::new(None)).collect())
    }

    fn place(&self, digest: &[u8]) -> Option<&Place> {
        let number = usize::from(*digest.first()?) << 8 | usize::from(*digest.get(1)?);
        self.0.get(number % PLACES)
    }

    pub(crate) fn recall(&self, digest: &[u8]) -> Option<Claims> {
        let kept = self.place(digest)?.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref()
            .filter(|(of, _)| of == digest)
            .map(|(_, claims)| claims.clone())
    }

    pub(crate) fn remember(&self, digest: &[u8], claims: &Claims) {
        if let (Some(place), Ok(digest)) = (self.place(digest), digest.try_into()) {
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some((digest, claims.clone()));
        }
    }
}
