//! What a decoder that was taken over might do. Only reachable when the parent was told to allow it, by the tests of
//! the sandbox, so that the walls that are tested are the real ones.

use std::fs::File;
use std::io::Write;
use std::process::Command;

use crate::failure::{Failure, FailureCode};
use crate::types::{Dimensions, RenditionKind};
use crate::wire::{Answer, RenditionHead, Report, TestAct};

pub(super) fn perform(act: TestAct, mut output: &File) -> Answer {
    match act {
        TestAct::Loop => loop {
            std::hint::spin_loop();
        },
        TestAct::Hang => {
            // Waits for itself: computes nothing and never ends.
            let (sender, receiver) = std::sync::mpsc::channel::<()>();
            let ended = receiver.recv();
            drop(sender);
            Err(Failure::io("The hang", format!("{ended:?}")))
        }
        TestAct::Allocate => {
            let mut taken = Vec::new();
            for _ in 0..10_240 {
                taken.push(vec![1_u8; 1 << 20]);
            }
            Err(Failure::io("10 GB", format!("{} MB were given", taken.len())))
        }
        TestAct::OpenFile => Err(Failure::io("The file", format!("{:?}", File::open("/etc/hostname")))),
        TestAct::OpenSocket => Err(Failure::io(
            "The socket",
            format!("{:?}", std::net::UdpSocket::bind("127.0.0.1:0")),
        )),
        TestAct::StartProgram => Err(Failure::io(
            "The program",
            format!("{:?}", Command::new("/bin/true").status()),
        )),
        TestAct::FillOutput => {
            let block = vec![7; 1 << 20];
            loop {
                output
                    .write_all(&block)
                    .map_err(|error| Failure::io("The output", error))?;
            }
        }
        TestAct::Panic => {
            std::panic::resume_unwind(Box::new("asked to"));
        }
        TestAct::Lie => {
            let page = b"<script>alert(1)</script>";
            output
                .write_all(page)
                .map_err(|error| Failure::io("The output", error))?;
            let dimensions = Dimensions { width: 1, height: 1 };
            let head = RenditionHead {
                kind: RenditionKind::Preview,
                dimensions,
                len: page.len(),
            };
            Ok(Report {
                renditions: vec![head],
                ..Report::default()
            })
        }
    }
    .map_err(|failure: Failure| {
        Failure::new(
            FailureCode::ForbiddenAction,
            format!("The sandbox let it happen: {failure}"),
        )
    })
}
