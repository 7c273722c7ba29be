//! `doctor` tells what works, and what to install.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod support;

use media::{DecoderPool, ToolReport, ToolState};
use support::settings;

fn report<'a>(reports: &'a [ToolReport], name: &str) -> &'a ToolReport {
    reports
        .iter()
        .find(|report| report.name == name)
        .unwrap_or_else(|| panic!("{name} in {reports:?}"))
}

#[test]
fn everything_that_is_installed_works() {
    let reports = support::pool().check();
    for name in ["decoder", "landlock", "ffmpeg", "ffprobe", "vipsthumbnail"] {
        assert_eq!(report(&reports, name).state, ToolState::Works, "{reports:?}");
    }
    assert!(
        report(&reports, "ffmpeg")
            .version
            .as_ref()
            .is_some_and(|text| text.starts_with("ffmpeg version"))
    );
    assert!(
        report(&reports, "vipsthumbnail")
            .version
            .as_ref()
            .is_some_and(|text| text.contains("8."))
    );
}

#[test]
fn what_is_missing_is_named_with_what_to_install() {
    let mut bare = settings();
    bare.tools.ffmpeg = "no-such-ffmpeg".into();
    bare.tools.vipsthumbnail = "/bin/false".into();
    let reports = DecoderPool::new(bare).expect("a pool").check();
    let ToolState::Missing(advice) = &report(&reports, "ffmpeg").state else {
        panic!("{reports:?}")
    };
    assert!(advice.contains("apt-get install ffmpeg"), "{advice}");
    assert!(
        matches!(report(&reports, "vipsthumbnail").state, ToolState::Broken(_)),
        "{reports:?}"
    );
    assert_eq!(report(&reports, "decoder").state, ToolState::Works);
}

/// A child that cannot be started is trouble of the machine: the item is tried again later.
#[test]
fn a_pool_without_its_program_says_retry() {
    let mut broken = settings();
    broken.command = "/nowhere/media-vault".into();
    let pool = DecoderPool::new(broken).expect("a pool");
    let failure = support::process(&pool, &support::made("orientation_1.jpg")).expect_err("nothing to start");
    assert!(failure.retry(), "{failure}");
    assert!(matches!(report(&pool.check(), "decoder").state, ToolState::Broken(_)));
}
