//! What was found by asking, for those who ask for it again.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
};
use uuid::Uuid;

/// When so much is kept, all of it is thrown away: each is found again by asking.
const KEPT: usize = 4096;

/// By what it is and its key. In an open view of SQLite it would be the same if it were looked for again.
#[derive(Default)]
pub(super) struct Found(HashMap<(TypeId, Uuid), Box<dyn Any + Send>>);

impl Found {
    pub(super) fn get<T: Clone + 'static>(&self, key: Uuid) -> Option<T> {
        self.0.get(&(TypeId::of::<T>(), key))?.downcast_ref().cloned()
    }

    pub(super) fn keep<T: Clone + Send + 'static>(&mut self, key: Uuid, value: &T) {
        if self.0.len() >= KEPT {
            self.clear();
        }
        self.0.insert((TypeId::of::<T>(), key), Box::new(value.clone()));
    }

    pub(super) fn forget<T: 'static>(&mut self, key: Uuid) {
        self.0.remove(&(TypeId::of::<T>(), key));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_each_kind_by_itself_and_never_much() {
        let mut found = Found::default();
        let key = Uuid::from_u128(1);
        found.keep(key, &7_u32);
        found.keep(key, &"seven");
        assert_eq!(
            (found.get::<u32>(key), found.get::<&str>(key)),
            (Some(7), Some("seven"))
        );
        found.forget::<u32>(key);
        assert_eq!((found.get::<u32>(key), found.get::<&str>(key)), (None, Some("seven")));
        for n in 0..10 * KEPT as u128 {
            found.keep(Uuid::from_u128(n), &n);
            assert_eq!(found.get(Uuid::from_u128(n)), Some(n));
            assert!(found.0.len() <= KEPT);
        }
    }
}
