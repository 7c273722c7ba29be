//! What people changed about an item, word for word, for its owner to look at.

use super::MediaChange;
use crate::{StoreError, Tx, value::Row};
use domain::{
    Allowed, At, MediaId, Position, Taken, TakenSource, UserId,
    policy::{EditMedia, ViewMedia},
};

/// What a person can change, as it is.
struct Words {
    title: String,
    description: String,
    taken: Taken,
    position: Option<Position>,
}

/// A changed fact. Texts as the interface writes them; `None` where there was nothing.
struct ChangedFact {
    /// title, description, taken_at or position.
    field: &'static str,
    before: Option<String>,
    after: Option<String>,
}

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// Counts up.
    pub seq: i64,
    /// Who, and how they are called today.
    pub actor: Option<(UserId, String)>,
    /// What was changed.
    pub field: String,
    /// What it was.
    pub before: Option<String>,
    /// What it became.
    pub after: Option<String>,
    /// When.
    pub at: At,
}

impl Tx<'_, '_> {
    /// Keeps what an edit is about to change.
    pub(super) fn note_edit(
        &mut self,
        may: &Allowed<EditMedia>,
        change: &MediaChange,
        now: At,
    ) -> Result<(), StoreError> {
        let media = may.facts().id;
        let before = self.words_of(media)?;
        let at = |value: f64| format!("{value:.6}");
        let place = |p: Option<Position>| p.map(|p| format!("{}, {}", at(p.latitude()), at(p.longitude())));
        let mut changed = vec![];
        let mut note = |field, before, after| changed.push(ChangedFact { field, before, after });
        if let Some(title) = &change.title {
            note("title", Some(before.title.clone()), Some(title.as_str().to_owned()));
        }
        if let Some(description) = &change.description {
            note(
                "description",
                Some(before.description.clone()),
                Some(description.as_str().to_owned()),
            );
        }
        if let Some(position) = change.position {
            note("position", place(before.position), place(position));
        }
        if let Some(taken) = change.taken {
            note("taken_at", Some(before.taken.to_string()), Some(taken.to_string()));
        }
        self.note_changes(media, may.actor().person().map(|p| p.id), &changed, now)
    }

    fn words_of(&mut self, id: MediaId) -> Result<Words, StoreError> {
        let sql = "SELECT title, description, taken_local, taken_offset, taken_source, latitude, longitude FROM media WHERE id = ?1";
        let row = |r: &Row<'_>| {
            Ok(Words {
                title: r.get(0)?,
                description: r.get(1)?,
                taken: Taken {
                    local: At(r.get(2)?),
                    offset_minutes: r.get::<Option<i64>>(3)?.and_then(|m| i16::try_from(m).ok()),
                    source: r.word::<TakenSource>("media", "taken_source", 4)?,
                },
                position: match (r.get::<Option<f64>>(5)?, r.get::<Option<f64>>(6)?) {
                    (Some(latitude), Some(longitude)) => Position::new(latitude, longitude).ok(),
                    _ => None,
                },
            })
        };
        self.find(sql, &[id.into()], row)?.ok_or(StoreError::Stale)
    }

    /// Keeps what was changed; what is as it was is no change.
    fn note_changes(
        &mut self,
        media: MediaId,
        actor: Option<UserId>,
        changes: &[ChangedFact],
        now: At,
    ) -> Result<(), StoreError> {
        for change in changes.iter().filter(|c| c.before != c.after) {
            self.post(
                "INSERT INTO media_change (media_id, actor_id, field, old_value, new_value, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                &[
                    media.into(),
                    actor.into(),
                    change.field.into(),
                    change.before.clone().into(),
                    change.after.clone().into(),
                    now.into(),
                ],
            )?;
        }
        Ok(())
    }

    /// The changes of an item, the latest first.
    pub fn media_history(&mut self, may: &Allowed<ViewMedia>, limit: u32) -> Result<Vec<HistoryRow>, StoreError> {
        let row = |r: &Row<'_>| {
            Ok(HistoryRow {
                seq: r.get(0)?,
                actor: r
                    .get::<Option<uuid::Uuid>>(1)?
                    .map(UserId)
                    .zip(r.get::<Option<String>>(2)?),
                field: r.get(3)?,
                before: r.get(4)?,
                after: r.get(5)?,
                at: At(r.get(6)?),
            })
        };
        self.list(
            "SELECT c.seq, c.actor_id, u.name, c.field, c.old_value, c.new_value, c.at FROM media_change c \
             LEFT JOIN users u ON u.id = c.actor_id WHERE c.media_id = ?1 ORDER BY c.seq DESC LIMIT ?2",
            &[may.facts().id.into(), limit.into()],
            row,
        )
    }
}
