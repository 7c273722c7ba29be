//! Threads that serve connections, one for each core.
//!
//! A connection stays on the thread it was given to, and each thread waits for its own connections only: where threads share that waiting, all
//! connections stand still while the system has taken the core from the one that was told of them.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};
use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Ends when dropped, with what is still served.
pub(crate) struct Lanes {
    first: Lane,
    others: Vec<Lane>,
}

struct Lane {
    runtime: Handle,
    open: Arc<AtomicUsize>,
    _until_dropped: DropGuard,
}

impl Lanes {
    /// # Errors
    /// The system's, when it has no thread to give.
    pub(crate) fn start() -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            first: Lane::start(0)?,
            others: (1..cores).map(Lane::start).collect::<io::Result<_>>()?,
        })
    }

    /// Serves a connection where the fewest are open. `serving` is made on that thread.
    pub(crate) fn serve<F>(&self, serving: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send,
    {
        let lane = self.idlest();
        let open = Open::new(&lane.open);
        lane.runtime.spawn(async move {
            serving().await;
            drop(open);
        });
    }

    fn idlest(&self) -> &Lane {
        self.others.iter().fold(
            &self.first,
            |best, lane| if lane.open() < best.open() { lane } else { best },
        )
    }
}

impl Lane {
    fn start(number: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let end = CancellationToken::new();
        let ended = end.clone().cancelled_owned();
        thread::Builder::new()
            .name(format!("http-{number}"))
            .spawn(move || runtime.block_on(ended))?;
        Ok(Self {
            runtime: handle,
            open: Arc::default(),
            _until_dropped: end.drop_guard(),
        })
    }

    fn open(&self) -> usize {
        self.open.load(Relaxed)
    }
}

/// Counts a connection as long as it lives.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Lanes;
    use std::{collections::HashMap, sync::mpsc, thread, time::Duration};
    use tokio::sync::oneshot;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn opens(lanes: &Lanes) -> Vec<usize> {
        [&lanes.first]
            .into_iter()
            .chain(&lanes.others)
            .map(super::Lane::open)
            .collect()
    }

    #[test]
    fn connections_are_shared_out_evenly_and_those_that_ended_do_not_count() {
        let lanes = Lanes::start().unwrap();
        let (tell, told) = mpsc::channel();
        let open = |count: usize| -> Vec<_> {
            (0..count)
                .map(|_| {
                    let (end, ended) = oneshot::channel::<()>();
                    let tell = tell.clone();
                    lanes.serve(move || async move {
                        tell.send(thread::current().name().unwrap().to_owned()).unwrap();
                        drop(ended.await);
                    });
                    (told.recv_timeout(PATIENCE).unwrap(), end)
                })
                .collect()
        };
        let per_lane = |held: &[(String, _)]| {
            held.iter()
                .fold(HashMap::new(), |mut sums, (name, _): &(String, oneshot::Sender<()>)| {
                    *sums.entry(name.clone()).or_insert(0) += 1;
                    sums
                })
        };
        let mut held = open(opens(&lanes).len() * 3);
        assert!(per_lane(&held).values().all(|&many| many == 3), "{:?}", per_lane(&held));
        // All of one lane end; the next ones go there.
        let one = held[0].0.clone();
        held.retain(|(name, _)| *name != one);
        let begun = std::time::Instant::now();
        while !opens(&lanes).contains(&0) {
            assert!(begun.elapsed() < PATIENCE, "those that ended still count");
            thread::yield_now();
        }
        held.extend(open(3));
        assert!(per_lane(&held).values().all(|&many| many == 3), "{:?}", per_lane(&held));
    }

    #[test]
    fn what_is_still_served_ends_with_the_lanes() {
        struct Told(mpsc::Sender<()>);
        impl Drop for Told {
            fn drop(&mut self) {
                self.0.send(()).unwrap();
            }
        }
        let lanes = Lanes::start().unwrap();
        let (tell, told) = mpsc::channel();
        let guard = Told(tell);
        lanes.serve(move || async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        });
        assert!(
            told.recv_timeout(Duration::from_millis(100)).is_err(),
            "it is served as long as nobody ends it"
        );
        drop(lanes);
        told.recv_timeout(PATIENCE).unwrap();
    }

    #[test]
    fn a_panic_while_serving_ends_that_connection_only() {
        let lanes = Lanes::start().unwrap();
        lanes.serve(|| async { panic!("on purpose") });
        let (tell, told) = mpsc::channel();
        for _ in 0..opens(&lanes).len() * 2 {
            let tell = tell.clone();
            lanes.serve(move || async move { tell.send(()).unwrap() });
            told.recv_timeout(PATIENCE).unwrap();
        }
        let begun = std::time::Instant::now();
        while opens(&lanes).iter().any(|&open| open != 0) {
            assert!(begun.elapsed() < PATIENCE, "the broken one still counts");
            thread::yield_now();
        }
    }
}
