//! Starts decoder children from one thread that lives as long as the pool.
//!
//! A child asks the kernel to be killed when its parent dies (`PR_SET_PDEATHSIG`), and for the kernel the parent is
//! the *thread* that started it. Threads of a runtime come and go; this one does not.

use std::io;
use std::process::{Child, Command};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::thread;

type Order = (Command, SyncSender<io::Result<Child>>);

pub(super) struct Spawner {
    orders: Sender<Order>,
}

impl Spawner {
    pub(super) fn start() -> io::Result<Self> {
        let (orders, incoming) = channel::<Order>();
        thread::Builder::new().name("decoder-spawner".into()).spawn(move || {
            // Ends when the pool drops its side.
            for (mut command, answer) in incoming {
                if let Err(unwanted) = answer.send(command.spawn()) {
                    // Nobody waits any more: a child without a parent must not stay.
                    if let Ok(mut child) = unwanted.0 {
                        super::worker::end(&mut child);
                    }
                }
            }
        })?;
        Ok(Self { orders })
    }

    pub(super) fn spawn(&self, command: Command) -> io::Result<Child> {
        let (answer, result) = sync_channel(1);
        self.orders
            .send((command, answer))
            .map_err(|_| io::Error::other("the spawner has ended"))?;
        result.recv().map_err(io::Error::other)?
    }
}
