//! `import`: takes in a folder.

mod pace;

use super::print;
use crate::{config::Config, open};
use domain::Person;
use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use vault::{
    Vault,
    import::{self, Control, ImportError, Left, Options, Plan, Summary},
};

/// What `import` is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder; it and all below it are looked through, and nothing in it is changed
    dir: PathBuf,
    /// Whose library it goes to: their e-mail address
    #[arg(long)]
    user: String,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Make the previews, too, and end when all of them are made; otherwise the server makes them
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
    /// As JSON, without a progress bar
    #[arg(long)]
    json: bool,
}

const WRONG_USE: u8 = 2;

/// Runs it. Exit code 1 when a file that should have been taken in was not, or when it was stopped.
pub async fn run(config: &Config, args: &Args) -> anyhow::Result<ExitCode> {
    if !args.dir.is_dir() {
        return Ok(wrong_use(&format!("there is no folder {}", args.dir.display())));
    }
    let house = open::open(config).await?;
    let owner = match import::owner(&house.vault, &args.user).await {
        Ok(owner) => owner,
        Err(why @ ImportError::NoAccount { .. }) => {
            return Ok(wrong_use(&format!(
                "{why}. Make it first: media-vault user add --email {} --name NAME --password-stdin",
                args.user
            )));
        }
        Err(other) => return Err(other.into()),
    };
    let options = options(config, &args.dir, &owner)?;
    let control = Arc::new(Control::default());
    stop_on_signal(control.clone())?;

    let looking = Watch::looking(args.json, control.clone());
    let plan = import::plan(&house.vault, owner, args.dir.clone(), options, control.clone()).await;
    looking.end().await;
    let plan = match plan {
        Err(why @ ImportError::Folder { .. }) => return Ok(wrong_use(&why.to_string())),
        other => other?,
    };
    if args.dry_run {
        say_plan(&plan, args.json)?;
        return Ok(ended(plan.unreadable.is_empty()));
    }

    let made = args
        .wait
        .then(|| Previews::begin(config, &house, owner, control.clone()));
    let reading = Watch::reading(args.json, control.clone(), &plan);
    let pairs = plan.pairs;
    let summary = import::run(&house.vault, owner, plan, control.clone()).await;
    reading.end().await;
    let still_processing = match made {
        Some(made) => made.end(&control, args.json).await?,
        None => import::waiting(&house.vault, owner).await?,
    };
    let report = Report {
        summary: &summary,
        pairs,
        still_processing,
    };
    if args.json {
        print(&serde_json::to_string(&report)?);
    } else {
        report.say();
    }
    Ok(ended(summary.failed.is_empty() && !control.is_stopped()))
}

fn ended(well: bool) -> ExitCode {
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn wrong_use(why: &str) -> ExitCode {
    eprintln!("media-vault: {why}");
    ExitCode::from(WRONG_USE)
}

/// Where the journal of this folder and person lies, and which folders are our own.
fn options(config: &Config, dir: &Path, owner: &Person) -> anyhow::Result<Options> {
    let top = dir.canonicalize()?;
    let name = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, top.as_os_str().as_encoded_bytes());
    let name: String = name.as_ref()[..16].iter().map(|b| format!("{b:02x}")).collect();
    let journals = config.data_dir.join("import").join(owner.id.0.simple().to_string());
    let own = [&config.data_dir, &config.objects()].map(|own| own.canonicalize());
    Ok(Options {
        apart: own.into_iter().flatten().collect(),
        journal: Some(journals.join(name)),
    })
}

/// The first signal finishes the files under way; a second one ends at once, which loses nothing either.
fn stop_on_signal(control: Arc<Control>) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            if control.is_stopped() {
                std::process::exit(1);
            }
            // Below the bar.
            eprintln!("\nmedia-vault: the files under way are being finished; once more ends at once");
            control.stop();
        }
    });
    Ok(())
}

/// Shows how far it is: a bar on a terminal, a line every few seconds elsewhere, nothing for `--json`.
struct Watch {
    ending: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Watch {
    const BAR: Duration = Duration::from_millis(150);
    const LINE: Duration = Duration::from_secs(5);

    fn looking(json: bool, control: Arc<Control>) -> Watch {
        let bar = ProgressBar::new_spinner();
        Watch::over(json, bar, move |bar| {
            bar.set_message(format!(
                "looking through the folder: {} files",
                HumanCount(control.seen())
            ));
        })
    }

    fn reading(json: bool, control: Arc<Control>, plan: &Plan) -> Watch {
        let (files, bytes) = (plan.new_files().count() as u64, plan.bytes());
        let bar = ProgressBar::new(bytes);
        // The template is a constant; without it the bar is only plainer.
        let style = "{bar:30} {msg}, {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Watch::over(json, bar, move |bar| {
            bar.set_position(control.bytes());
            bar.set_message(format!(
                "{} of {} files",
                HumanCount(control.files()),
                HumanCount(files)
            ));
        })
    }

    fn over(json: bool, bar: ProgressBar, look: impl Fn(&ProgressBar) + Send + 'static) -> Watch {
        let terminal = std::io::stderr().is_terminal();
        if json || !terminal {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let ending = CancellationToken::new();
        let ended = ending.clone();
        let task = tokio::spawn(async move {
            let pause = if terminal { Self::BAR } else { Self::LINE };
            loop {
                look(&bar);
                tokio::select! {
                    () = ended.cancelled() => break,
                    () = tokio::time::sleep(pause) => {}
                }
                if !json && !terminal {
                    look(&bar);
                    eprintln!("{}", line(&bar));
                }
            }
            bar.finish_and_clear();
        });
        Watch { ending, task }
    }

    async fn end(self) {
        self.ending.cancel();
        // Only a picture of the work; its end changes nothing.
        drop(self.task.await);
    }
}

/// The bar in words.
fn line(bar: &ProgressBar) -> String {
    let message = bar.message();
    match bar.length() {
        Some(of) => format!(
            "{message}, {} of {}, {}/s, {} left",
            HumanBytes(bar.position()),
            HumanBytes(of),
            HumanBytes(bar.per_sec() as u64),
            HumanDuration(bar.eta())
        ),
        None => message,
    }
}

/// A worker inside, for `--wait`.
struct Previews {
    vault: Vault,
    owner: Person,
    ending: CancellationToken,
    worker: tokio::task::JoinHandle<()>,
    pace: tokio::task::JoinHandle<()>,
}

impl Previews {
    fn begin(config: &Config, house: &open::House, owner: Person, control: Arc<Control>) -> Previews {
        let ending = CancellationToken::new();
        let settings = jobs::Settings {
            name: format!("{}:import:{}", house.instance, std::process::id()),
            concurrency: config.jobs_at_once(),
        };
        Previews {
            vault: house.vault.clone(),
            owner,
            worker: tokio::spawn(jobs::work(house.vault.clone(), settings, ending.clone())),
            pace: tokio::spawn(pace::keep(house.vault.clone(), owner, config.decoders(), control)),
            ending,
        }
    }

    /// Waits until nothing of this person is being processed any more, or until it is to stop. Returns how many items are left.
    async fn end(self, control: &Control, json: bool) -> anyhow::Result<u64> {
        let bar = if json {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner()
        };
        let left = loop {
            let left = import::waiting(&self.vault, self.owner).await?;
            if left == 0 || control.is_stopped() {
                break left;
            }
            bar.set_message(format!("previews of {} files are still to be made", HumanCount(left)));
            bar.tick();
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        bar.finish_and_clear();
        self.pace.abort();
        self.ending.cancel();
        self.worker.await?;
        Ok(left)
    }
}

fn say_plan(plan: &Plan, json: bool) -> anyhow::Result<()> {
    if json {
        print(&serde_json::to_string(plan)?);
        return Ok(());
    }
    let new: Vec<_> = plan.new_files().collect();
    let already = plan.files.len() - new.len();
    print(&format!(
        "Nothing was changed. An import would read {} files with {}: {}.",
        HumanCount(new.len() as u64),
        HumanBytes(plan.bytes()),
        kinds(&new)
    ));
    if already > 0 {
        print(&format!("{} files were taken in before.", HumanCount(already as u64)));
    }
    let beside = |has: fn(&import::PlannedFile) -> bool| new.iter().filter(|file| has(file)).count() as u64;
    for (count, what) in [
        (beside(|f| f.note.is_some()), "have a note of Google Photos"),
        (beside(|f| f.xmp.is_some()), "have an XMP sidecar"),
    ] {
        if count > 0 {
            print(&format!("{} of them {what}.", HumanCount(count)));
        }
    }
    say_pairs(plan.pairs);
    say_left("Left out", &plan.skipped);
    say_left("Could not be looked at", &plan.unreadable);
    Ok(())
}

fn kinds(files: &[&import::PlannedFile]) -> String {
    let count = |kind| files.iter().filter(|file| file.kind == Some(kind)).count() as u64;
    [
        (media::Kind::Photo, "photos"),
        (media::Kind::Video, "videos"),
        (media::Kind::Audio, "sounds"),
    ]
    .map(|(kind, word)| format!("{} {word}", HumanCount(count(kind))))
    .join(", ")
}

fn say_pairs(pairs: import::Pairs) {
    for (count, what) in [
        (pairs.live_photos, "live photos (picture and film)"),
        (pairs.raw_and_picture, "raw files beside their picture"),
    ] {
        if count > 0 {
            print(&format!(
                "Among the files are {} {what}; both are kept.",
                HumanCount(count)
            ));
        }
    }
}

/// So many names of files are shown for each reason.
const SHOWN: usize = 5;

/// By reason, with some names; all of them are in `--json`.
fn say_left(what: &str, left: &[Left]) {
    let mut by_reason: BTreeMap<&str, Vec<&Left>> = BTreeMap::new();
    for one in left {
        by_reason.entry(&one.why).or_default().push(one);
    }
    for (why, all) in by_reason {
        print(&format!("{what}, {why}: {}", HumanCount(all.len() as u64)));
        for one in all.iter().take(SHOWN) {
            print(&format!("  {}", one.path.display()));
        }
        if all.len() > SHOWN {
            print(&format!("  and {} more; --json lists all", all.len() - SHOWN));
        }
    }
}

/// What is told at the end.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    pairs: import::Pairs,
    /// Items of this person whose previews are still to be made.
    still_processing: u64,
}

impl Report<'_> {
    fn say(&self) {
        let Summary {
            added,
            already_here,
            skipped,
            failed,
            not_reached,
            stopped_by,
            bytes,
            seconds,
            ..
        } = self.summary;
        say_pairs(self.pairs);
        say_left("Left out", skipped);
        say_left("NOT taken in", failed);
        let rate = HumanBytes((*bytes as f64 / seconds.max(0.001)) as u64);
        print(&format!(
            "{} files are new in the vault ({}, in {seconds:.1} s, {rate}/s); {} were there already.",
            HumanCount(*added),
            HumanBytes(*bytes),
            HumanCount(*already_here)
        ));
        if *not_reached > 0 {
            let why = stopped_by.as_deref().unwrap_or("It was stopped.");
            print(&format!(
                "{why} {} files were not reached. Run the same command again to go on; what is done is not done twice.",
                HumanCount(*not_reached)
            ));
        }
        if self.still_processing > 0 {
            print(&format!(
                "The previews of {} files are still to be made; the server makes them while it runs.",
                HumanCount(self.still_processing)
            ));
        }
    }
}
