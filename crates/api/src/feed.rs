//! The events of one open page: caught up, merged, paced, and ended with the sign-in.

use crate::{problem::Answer, rows::EventRow, state::Api};
use domain::{Call, EventKind, MediaId, Person, SessionId};
use std::{collections::BTreeMap, fmt::Write, num::ParseIntError, time::Duration};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::Instant,
};
use vault::{
    events::{Missed, latest, missed},
    sign_in,
};

/// The least time between two frames: at most four a second.
const PACE: Duration = Duration::from_millis(250);
/// How often a comment shows that the connection lives.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often it is asked whether the sign-in is still good.
const LOOK: Duration = Duration::from_secs(5);
/// Most ids of one frame.
const MOST_IDS: usize = 1_000;

/// What is written to a page at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Batch {
    /// The first words: how soon to come back, and where this stream begins.
    Hello(i64),
    /// A comment.
    Heartbeat,
    /// One kind of change, with the number up to which everything was sent; `None` when more of that number is to come.
    Changes(EventKind, Vec<MediaId>, Option<i64>),
    /// More was missed than is kept.
    Resync(i64),
}

impl Batch {
    /// The frame, as the HTML standard, 9.2.6 has it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let written = match self {
            Batch::Hello(last) => write!(text, "retry: 2000\nid: {last}\n\n: welcome\n\n"),
            Batch::Heartbeat => write!(text, ":\n\n"),
            Batch::Resync(last) => write!(text, "event: resync\nid: {last}\ndata: {{}}\n\n"),
            Batch::Changes(kind, ids, last) => {
                let ids: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
                let id = last.map(|last| format!("id: {last}\n")).unwrap_or_default();
                write!(text, "event: {kind}\n{id}data: {{\"ids\":[{}]}}\n\n", ids.join(","))
            }
        };
        written.unwrap_or_default();
        text
    }
}

/// Changes that wait to be sent. An item that changed several times is named once, in its latest kind.
#[derive(Debug, Default)]
struct Gathered {
    items: BTreeMap<MediaId, EventKind>,
    last: i64,
}

impl Gathered {
    fn add(&mut self, kind: EventKind, media: MediaId, seq: i64) {
        self.last = self.last.max(seq);
        match (self.items.get(&media), kind) {
            // A page that does not know the item yet is told that it is new, however often it changed since.
            (Some(EventKind::MediaCreated), EventKind::MediaUpdated) => {}
            _ => {
                self.items.insert(media, kind);
            }
        }
    }
    /// The next frame: one kind. The number goes with the last frame only, so that a page that is cut off in between asks
    /// for all of them again.
    fn take(&mut self) -> Option<Batch> {
        let kind = *self.items.values().next()?;
        let ids: Vec<MediaId> = self
            .items
            .iter()
            .filter(|(_, k)| **k == kind)
            .map(|(id, _)| *id)
            .take(MOST_IDS)
            .collect();
        for id in &ids {
            self.items.remove(id);
        }
        let last = self.items.is_empty().then_some(self.last);
        Some(Batch::Changes(kind, ids, last))
    }
}

/// The stream of one page.
pub struct Feed {
    api: Api,
    person: Person,
    session: SessionId,
    events: Receiver<EventRow>,
    first: Option<Batch>,
    gathered: Gathered,
    next_frame: Instant,
    next_heartbeat: Instant,
    next_look: Instant,
}

impl Feed {
    /// Begins behind the last number that the page saw, or now. A number that is none is one that nobody knows: resync.
    pub async fn open(
        api: &Api,
        call: Call,
        person: Person,
        session: SessionId,
        last: Option<Result<i64, ParseIntError>>,
    ) -> Answer<Feed> {
        // First listen, then look back: nothing falls between.
        let events = api.vault().events().subscribe();
        let now = latest(api.vault()).await?;
        let mut gathered = Gathered {
            last: now,
            ..Gathered::default()
        };
        let first = match last {
            None => Batch::Hello(now),
            Some(Err(_)) => Batch::Resync(now),
            Some(Ok(last)) => match missed(api.vault(), &call, last).await? {
                Missed::TooMuch => Batch::Resync(now),
                Missed::Events(events) => {
                    events.iter().for_each(|e| gathered.add(e.kind, e.media, e.seq));
                    Batch::Hello(last)
                }
            },
        };
        let start = Instant::now();
        Ok(Feed {
            api: api.clone(),
            person,
            session,
            events,
            first: Some(first),
            gathered,
            next_frame: start,
            next_heartbeat: start + HEARTBEAT,
            next_look: start + LOOK,
        })
    }

    /// The next frame; `None` when the stream is over.
    pub async fn next(&mut self) -> Option<Batch> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            let now = Instant::now();
            if now >= self.next_look {
                self.next_look = now + LOOK;
                if !self.still_good().await {
                    return None;
                }
            }
            if now >= self.next_frame
                && let Some(batch) = self.gathered.take()
            {
                self.next_frame = now + PACE;
                self.next_heartbeat = now + HEARTBEAT;
                return Some(batch);
            }
            if now >= self.next_heartbeat {
                self.next_heartbeat = now + HEARTBEAT;
                return Some(Batch::Heartbeat);
            }
            let wake = self.next_look.min(self.next_heartbeat);
            let wake = if self.gathered.items.is_empty() {
                wake
            } else {
                wake.min(self.next_frame)
            };
            tokio::select! {
                () = self.api.ending().cancelled() => return None,
                () = tokio::time::sleep_until(wake) => {}
                event = self.events.recv() => match event {
                    Ok(event) if event.audience == self.person.id => {
                        // Some were looked back at already when the stream was opened; being told twice does no harm.
                        self.gathered.add(event.kind, event.media, event.seq);
                    }
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => {
                        let last = latest(self.api.vault()).await.ok()?;
                        self.gathered = Gathered { last, ..Gathered::default() };
                        return Some(Batch::Resync(last));
                    }
                    Err(RecvError::Closed) => return None,
                }
            }
        }
    }

    async fn still_good(&self) -> bool {
        // A database that cannot be asked ends the stream too: the page comes back by itself.
        sign_in::is_open(self.api.vault(), self.session).await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(n: u128) -> MediaId {
        MediaId(Uuid::from_u128(n))
    }

    #[test]
    fn frames() {
        assert_eq!(
            Batch::Changes(EventKind::MediaCreated, vec![id(1)], Some(7)).text(),
            "event: media.created\nid: 7\ndata: {\"ids\":[\"00000000-0000-0000-0000-000000000001\"]}\n\n"
        );
        assert_eq!(Batch::Resync(9).text(), "event: resync\nid: 9\ndata: {}\n\n");
    }
    #[test]
    fn many_changes_become_few_frames_and_the_number_comes_last() {
        let mut gathered = Gathered::default();
        for n in 0..1_500 {
            gathered.add(EventKind::MediaCreated, id(n), n as i64);
            gathered.add(EventKind::MediaUpdated, id(n), n as i64 + 1);
        }
        gathered.add(EventKind::MediaRemoved, id(3), 2_000);
        let frames: Vec<Batch> = std::iter::from_fn(|| gathered.take()).collect();
        let shapes: Vec<(EventKind, usize, Option<i64>)> = frames
            .iter()
            .map(|f| match f {
                Batch::Changes(kind, ids, last) => (*kind, ids.len(), *last),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            shapes,
            [
                (EventKind::MediaCreated, 1_000, None),
                (EventKind::MediaRemoved, 1, None),
                (EventKind::MediaCreated, 499, Some(2_000)),
            ]
        );
    }
}
