//! What the connections to PostgreSQL have been asked. Each learns from the others while it has nothing to do: whoever asks it later does not
//! wait until it has read the statement and what it is about.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is asked first is asked most. Filters make many more texts, and each costs some kilobytes of the server's memory on each connection.
const KEPT: usize = 64;

#[derive(Clone, Default)]
pub(crate) struct Texts(Arc<Mutex<Vec<Arc<str>>>>);

impl Texts {
    /// Says that a connection was asked this.
    pub(super) fn tell(&self, sql: &str) {
        let mut texts = self.locked();
        if texts.len() < KEPT && !texts.iter().any(|known| **known == *sql) {
            texts.push(sql.into());
        }
    }

    /// In the order in which they were asked for the first time.
    pub(super) fn get(&self, at: usize) -> Option<Arc<str>> {
        self.locked().get(at).cloned()
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Arc<str>>> {
        // Each change of it is one step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_kept_once_and_never_many() {
        let texts = Texts::default();
        for n in 0..1000 {
            texts.tell("SELECT 1");
            texts.tell(&format!("SELECT {n}"));
        }
        let kept: Vec<_> = (0..).map_while(|at| texts.get(at)).collect();
        assert_eq!(
            (kept.len(), &*kept[0], &*kept[1], &*kept[2]),
            (KEPT, "SELECT 1", "SELECT 0", "SELECT 2")
        );
    }
}
