use crate::world::*;
use domain::{At, JobId, JobPayload, Priority, ProcessMedia};
use std::collections::HashSet;
use store::{ClaimedJob, JobCounts, StoreError};

const KIND: &str = ProcessMedia::NAME;

fn lease() -> At {
    NOW.plus(At::MINUTE)
}

fn work() -> ProcessMedia {
    ProcessMedia {
        media: id(),
        version: id(),
    }
}

async fn enqueue(world: &World, payload: &ProcessMedia, priority: Priority, now: At) -> JobId {
    let (job, payload) = (id(), payload.clone());
    world
        .change(move |tx| tx.enqueue(&payload, job, priority, now))
        .await
        .unwrap();
    job
}

async fn claim(world: &World, worker: &'static str, now: At) -> Option<ClaimedJob> {
    world
        .change(move |tx| tx.claim_job(KIND, worker, now.plus(At::MINUTE), now))
        .await
        .unwrap()
}

#[testkit::both]
async fn people_go_before_bulk_and_then_the_oldest_first(world: World) {
    let mut expected = vec![];
    for (priority, minutes) in [
        (Priority::Bulk, -9),
        (Priority::Person, -1),
        (Priority::Bulk, -8),
        (Priority::Person, -2),
    ] {
        let job = enqueue(&world, &work(), priority, NOW.plus(minutes * At::MINUTE)).await;
        expected.push((priority, minutes, job));
    }
    enqueue(&world, &work(), Priority::Person, NOW.plus(1)).await;
    expected.sort();
    for (_, _, job) in expected {
        assert_eq!(
            claim(&world, "a", NOW).await.map(|j| (j.id, j.attempts)),
            Some((job, 1))
        );
    }
    assert_eq!(claim(&world, "a", NOW).await, None, "the last is for later");
    assert_eq!(world.read(|tx| tx.next_job_at()).await, Some(NOW.plus(1)));
    let other = world
        .change(|tx| tx.claim_job("another_kind", "a", lease(), NOW.plus(1)))
        .await
        .unwrap();
    assert_eq!(other, None);
}

#[testkit::both]
async fn the_same_work_waits_once_and_goes_first_when_it_becomes_urgent(world: World) {
    let (one, two) = (work(), work());
    enqueue(&world, &two, Priority::Bulk, NOW.plus(-2)).await;
    let job = enqueue(&world, &one, Priority::Bulk, NOW.plus(-1)).await;
    enqueue(&world, &one, Priority::Bulk, NOW).await;
    assert_eq!(
        world.read(|tx| tx.job_counts()).await,
        JobCounts {
            waiting: 2,
            running: 0,
            dead: 0
        }
    );
    enqueue(&world, &one, Priority::Person, NOW).await;
    let first = claim(&world, "a", NOW).await.unwrap();
    assert_eq!(
        (first.id, serde_json::from_str::<ProcessMedia>(&first.payload).unwrap()),
        (job, one.clone())
    );
    // While it runs, the same work stays that work, and runs once more afterwards: it may have read what was there before.
    enqueue(&world, &one, Priority::Person, NOW).await;
    assert_eq!(
        world.read(|tx| tx.job_counts()).await,
        JobCounts {
            waiting: 1,
            running: 1,
            dead: 0
        }
    );
    assert!(world.change(move |tx| tx.finish_job(job, "a")).await.unwrap());
    let again = claim(&world, "a", NOW).await.unwrap();
    assert_eq!((again.id, again.attempts), (job, 1));
    assert!(world.change(move |tx| tx.finish_job(job, "a")).await.unwrap());
    assert_eq!(
        world.read(|tx| tx.job_counts()).await.waiting,
        1,
        "once more, not for ever"
    );
    enqueue(&world, &one, Priority::Bulk, NOW).await;
    assert_eq!(world.read(|tx| tx.job_counts()).await.waiting, 2);
}

#[testkit::both]
async fn work_given_up_stays_to_be_looked_at_and_begins_anew_when_asked(world: World) {
    let payload = work();
    let job = enqueue(&world, &payload, Priority::Bulk, NOW).await;
    claim(&world, "a", NOW).await.unwrap();
    let later = NOW.plus(At::MINUTE);
    assert!(
        world
            .change(move |tx| tx.retry_job(job, "a", later, "busy", NOW))
            .await
            .unwrap()
    );
    assert_eq!(claim(&world, "a", NOW).await, None);
    assert_eq!(claim(&world, "a", later).await.unwrap().attempts, 2);
    assert!(
        world
            .change(move |tx| tx.bury_job(job, "a", "hopeless", later))
            .await
            .unwrap()
    );
    assert_eq!(claim(&world, "a", later.plus(At::DAY)).await, None);
    assert_eq!(world.read(|tx| tx.next_job_at()).await, None);
    let dead = world.read(|tx| tx.dead_jobs(10)).await.remove(0);
    assert_eq!((dead.id, dead.kind.as_str(), dead.attempts), (job, KIND, 2));
    assert_eq!((dead.last_error.as_str(), dead.updated_at), ("hopeless", later));
    enqueue(&world, &payload, Priority::Person, later).await;
    assert_eq!(
        claim(&world, "a", later).await.map(|j| (j.id, j.attempts)),
        Some((job, 1))
    );
    assert_eq!(world.read(|tx| tx.dead_jobs(10)).await, []);
}

#[testkit::both]
async fn a_lease_that_ran_out_goes_to_another_worker_and_the_first_one_has_no_say_any_more(world: World) {
    let job = enqueue(&world, &work(), Priority::Bulk, NOW).await;
    claim(&world, "a", NOW).await.unwrap();
    assert!(
        world
            .change(move |tx| tx.extend_lease(job, "a", NOW.plus(5 * At::MINUTE)))
            .await
            .unwrap()
    );
    assert_eq!(
        world
            .change(|tx| tx.reclaim_jobs(NOW.plus(5 * At::MINUTE)))
            .await
            .unwrap(),
        0
    );
    let late = NOW.plus(6 * At::MINUTE);
    assert_eq!(world.change(move |tx| tx.reclaim_jobs(late)).await.unwrap(), 1);
    assert_eq!(
        claim(&world, "b", late).await.map(|j| (j.id, j.attempts)),
        Some((job, 2))
    );
    let says = world
        .change(move |tx| {
            Ok([
                tx.extend_lease(job, "a", late)?,
                tx.retry_job(job, "a", late, "", late)?,
                tx.bury_job(job, "a", "", late)?,
                tx.finish_job(job, "a")?,
            ])
        })
        .await
        .unwrap();
    assert_eq!(says, [false; 4]);
    assert!(world.change(move |tx| tx.finish_job(job, "b")).await.unwrap());
    assert_eq!(world.read(|tx| tx.job_counts()).await, JobCounts::default());
}

#[testkit::both]
async fn a_worker_that_stops_hands_back_what_it_holds_as_if_untouched(world: World) {
    let mine = enqueue(&world, &work(), Priority::Bulk, NOW).await;
    claim(&world, "a", NOW).await.unwrap();
    enqueue(&world, &work(), Priority::Bulk, NOW).await;
    claim(&world, "b", NOW).await.unwrap();
    assert_eq!(world.change(|tx| tx.hand_back_jobs("a", NOW)).await.unwrap(), 1);
    assert_eq!(
        claim(&world, "c", NOW).await.map(|j| (j.id, j.attempts)),
        Some((mine, 1))
    );
    assert_eq!(
        world.read(|tx| tx.job_counts()).await,
        JobCounts {
            waiting: 0,
            running: 2,
            dead: 0
        }
    );
}

#[testkit::both]
async fn a_worker_that_was_killed_takes_its_own_back_at_once_and_the_try_counts(world: World) {
    let mine = enqueue(&world, &work(), Priority::Bulk, NOW).await;
    claim(&world, "a", NOW).await.unwrap();
    enqueue(&world, &work(), Priority::Bulk, NOW).await;
    claim(&world, "b", NOW).await.unwrap();
    let reclaimed = world.change(|tx| tx.reclaim_jobs_of("a", NOW)).await;
    assert_eq!(reclaimed.unwrap(), 1);
    assert_eq!(
        claim(&world, "a", NOW).await.map(|j| (j.id, j.attempts)),
        Some((mine, 2))
    );
}

#[testkit::both]
async fn work_is_added_with_its_cause_or_not_at_all(world: World) {
    let failed = world
        .change(|tx| {
            tx.enqueue(&work(), id(), Priority::Person, NOW)?;
            Err::<(), _>(StoreError::Stale)
        })
        .await;
    assert!(failed.is_err() && world.heard().is_empty());
    assert_eq!(world.read(|tx| tx.job_counts()).await, JobCounts::default());
    enqueue(&world, &work(), Priority::Person, NOW).await;
    assert!(world.heard().iter().any(|a| a.work), "workers are woken");
}

#[testkit::both]
async fn many_workers_of_two_servers_never_get_the_same_job(world: World) {
    const JOBS: usize = 120;
    world
        .change(|tx| (0..JOBS).try_for_each(|_| tx.enqueue(&work(), id(), Priority::Bulk, NOW)))
        .await
        .unwrap();
    let second = world.second_store();
    let workers: Vec<_> = (0..8)
        .map(|n| {
            let store = if n % 2 == 0 {
                world.store.clone()
            } else {
                second.clone()
            };
            tokio::spawn(async move {
                let mut mine = vec![];
                loop {
                    let worker = format!("w{n}");
                    let claimed = store
                        .write::<_, StoreError>(move |tx| {
                            let job = tx.claim_job(KIND, &worker, lease(), NOW)?;
                            Ok(tx.unaudited(job))
                        })
                        .await
                        .unwrap();
                    match claimed {
                        Some(job) => mine.push(job.id),
                        None => return mine,
                    }
                }
            })
        })
        .collect();
    let mut all = vec![];
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    assert_eq!(all.len(), JOBS);
    assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), JOBS);
}
