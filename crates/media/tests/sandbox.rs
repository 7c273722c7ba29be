//! A decoder that was taken over is stopped, and both the log and the item say what it did.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use media::{DecoderPool, Failure, FailureCode, Settings, TestAct};
use support::{made, process, settings};
use tracing_subscriber::fmt::MakeWriter;

/// A log that can be read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn hostile() -> Settings {
    let mut settings = settings();
    settings.test_acts = true;
    settings.cpu_limit = Duration::from_secs(1);
    settings.wall_limit = Duration::from_secs(20);
    settings
}

/// Makes a child do it; returns how it ended and what the log says. Then the pool must still work.
fn act(act: TestAct, settings: Settings) -> (Failure, String) {
    let pool = DecoderPool::new(settings).expect("a pool");
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    let failure = tracing::subscriber::with_default(subscriber, || pool.act(act)).expect_err("the sandbox stops it");
    let good = process(&pool, &made("orientation_6.jpg")).expect("the next file is processed");
    assert_eq!(good.renditions.len(), 2);
    let log = String::from_utf8(log.0.lock().expect("the log").clone()).expect("text");
    (failure, log)
}

fn stopped(what: TestAct, code: FailureCode, words: &str) {
    let (failure, log) = act(what, hostile());
    assert_eq!(failure.code, code, "{what:?}: {failure}");
    assert!(failure.detail.contains(words), "{what:?}: {failure}");
    assert!(log.contains("WARN") && log.contains(words), "{what:?}: {log}");
    assert!(!failure.retry(), "{what:?}");
}

#[test]
fn a_loop_is_stopped_by_processor_time() {
    stopped(TestAct::Loop, FailureCode::TimedOut, "used too much processor time");
}

#[test]
fn a_child_that_only_waits_is_stopped_by_the_clock() {
    let mut settings = hostile();
    settings.wall_limit = Duration::from_secs(1);
    let (failure, log) = act(TestAct::Hang, settings);
    assert_eq!(failure.code, FailureCode::TimedOut, "{failure}");
    assert!(log.contains("took too long"), "{log}");
}

#[test]
fn ten_gigabytes_are_refused() {
    // Touching what the limit allows takes some machines more than the second that hostile() grants.
    let mut settings = hostile();
    settings.cpu_limit = Duration::from_secs(20);
    let (failure, log) = act(TestAct::Allocate, settings);
    assert_eq!(failure.code, FailureCode::TooBigInMemory, "{failure}");
    assert!(log.contains("WARN") && log.contains("used too much memory"), "{log}");
    assert!(!failure.retry());
}

#[test]
fn opening_a_file_is_stopped() {
    stopped(TestAct::OpenFile, FailureCode::ForbiddenAction, "tried to open a file");
}

#[test]
fn opening_a_socket_is_stopped() {
    stopped(
        TestAct::OpenSocket,
        FailureCode::ForbiddenAction,
        "tried to open a socket",
    );
}

#[test]
fn starting_a_program_is_stopped() {
    let (failure, log) = act(TestAct::StartProgram, hostile());
    // Before it comes to the program itself, the standard library opens pipes and looks around.
    assert_eq!(failure.code, FailureCode::ForbiddenAction, "{failure}");
    assert!(log.contains("decoder_died"), "{log}");
}

#[test]
fn endless_output_is_stopped() {
    stopped(
        TestAct::FillOutput,
        FailureCode::TooBigInMemory,
        "more output of this file than is allowed",
    );
}

#[test]
fn a_panic_costs_one_item() {
    let (failure, _) = act(TestAct::Panic, hostile());
    assert_eq!(failure.code, FailureCode::DecoderCrashed, "{failure}");
}

#[test]
fn an_answer_that_is_no_picture_is_refused() {
    stopped(TestAct::Lie, FailureCode::ForbiddenAction, "no picture");
}

/// The acts exist only where the parent asked for them.
#[test]
fn production_children_have_no_test_acts() {
    let pool = DecoderPool::new(settings()).expect("a pool");
    let failure = pool.act(TestAct::OpenFile).expect_err("no such thing");
    assert_eq!(failure.code, FailureCode::Unsupported, "{failure}");
}

/// Tools are locked in as well: no file but the system's, no socket. `cat` and `bash` stand for an ffmpeg taken over.
#[test]
fn a_tool_can_read_no_file() {
    let secret = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secret.path(), "very secret").expect("written");
    let output = launch(&["/bin/cat", &secret.path().to_string_lossy()]);
    assert!(!output.status.success(), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("Permission denied"),
        "{output:?}"
    );
    assert!(output.stdout.is_empty());
    let allowed = launch(&["/bin/cat", "/usr/share/common-licenses/GPL-3"]);
    assert!(allowed.status.success(), "system files can be read: {allowed:?}");
}

#[test]
fn a_tool_that_opens_a_socket_is_killed() {
    use std::os::unix::process::ExitStatusExt;
    let output = launch(&["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9"]);
    assert_eq!(output.status.signal(), Some(31), "SIGSYS: {output:?}");
}

#[test]
fn a_tool_can_start_no_program() {
    let output = launch(&["/bin/bash", "-c", "/bin/true; /bin/true"]);
    assert!(!output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("fork"), "{output:?}");
}

fn launch(command: &[&str]) -> std::process::Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_media-decoder"))
        .arg("--exec")
        .arg(r#"{"memory": 1000000000, "cpu_seconds": 5, "file_size": 1000000}"#)
        .args(command)
        // Without them bash asks the user database, which may be behind a socket, and dies of that.
        .env("SHELL", "/bin/bash")
        .env("HOME", "/nonexistent")
        .output()
        .expect("started")
}

/// A child that is killed from outside while it waits is replaced without anybody noticing.
#[test]
fn a_killed_child_is_replaced() {
    let mut settings = settings();
    settings.children = 1;
    let pool = DecoderPool::new(settings).expect("a pool");
    process(&pool, &made("orientation_1.jpg")).expect("a photo");
    let [child] = pool.idle_children()[..] else {
        panic!("one child waits: {:?}", pool.idle_children())
    };
    let killed = std::process::Command::new("/bin/kill")
        .args(["-KILL", &child.to_string()])
        .status()
        .expect("kill");
    assert!(killed.success());
    // Its end of the socket closes when it is gone.
    while std::fs::read_to_string(format!("/proc/{child}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
        std::thread::yield_now();
    }
    process(&pool, &made("orientation_1.jpg")).expect("by another child");
    assert_ne!(pool.idle_children(), [child]);
}

/// Children are used again, replaced after their number of files, and gone with the pool.
#[test]
fn children_are_recycled_and_end_with_the_pool() {
    let mut settings = settings();
    settings.children = 1;
    settings.recycle_after = 2;
    let pool = DecoderPool::new(settings).expect("a pool");
    let mut seen = Vec::new();
    for _ in 0..4 {
        process(&pool, &made("orientation_1.jpg")).expect("a photo");
        seen.push(pool.idle_children());
    }
    assert_eq!(
        (seen[0].len(), seen[1].len(), seen[2].len(), seen[3].len()),
        (1, 0, 1, 0),
        "{seen:?}"
    );
    process(&pool, &made("orientation_1.jpg")).expect("a photo");
    let last = pool.idle_children()[0];
    drop(pool);
    assert!(
        !std::path::Path::new(&format!("/proc/{last}")).exists(),
        "the child is gone"
    );
}

/// Other children of the program end all the time; their signals interrupt calls, and nothing comes of it.
#[test]
fn signals_of_other_children_do_no_harm() {
    let pool = DecoderPool::new(settings()).expect("a pool");
    let data = made("orientation_1.jpg");
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let ended = std::process::Command::new("/bin/true").status().expect("started");
                    assert!(ended.success());
                }
            });
        }
        for _ in 0..30 {
            let made = process(&pool, &data);
            if made.is_err() {
                done.store(true, std::sync::atomic::Ordering::Relaxed);
            }
            assert_eq!(made.expect("a photo").renditions.len(), 2);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

/// Several threads at once: each gets its own answer.
#[test]
fn many_threads_share_the_pool() {
    let pool = DecoderPool::new(settings()).expect("a pool");
    let (upright, lying) = (made("orientation_1.jpg"), made("rgb16.png"));
    std::thread::scope(|scope| {
        for index in 0..8 {
            let (pool, upright, lying) = (&pool, &upright, &lying);
            scope.spawn(move || {
                for _ in 0..3 {
                    let (data, width) = if index % 2 == 0 { (upright, 1200) } else { (lying, 600) };
                    let done = process(pool, data).expect("a photo");
                    assert_eq!(done.dimensions.map(|size| size.width), Some(width));
                }
            });
        }
    });
    assert!(pool.idle_children().len() <= 2, "{:?}", pool.idle_children());
}
