//! A real PostgreSQL for tests: one server for all test processes of a run, one new database for each test.
//!
//! The first process that needs it starts it; a watcher ends it and removes its files when the last user has gone, however
//! that process ended. Users are counted by a shared lock on a file, so a killed test leaves nothing behind. Whoever wants
//! the server to stay up between test programs holds that lock too (`scripts/test.py` does).

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Speed instead of safety: these databases live for one test.
const SETTINGS: &[&str] = &[
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=400",
    "shared_buffers=128MB",
    "jit=off",
    "unix_socket_directories=''",
    "listen_addresses='127.0.0.1'",
    "log_min_messages=fatal",
];

/// How often a port that was free a moment ago may be taken before the start is given up.
const STARTS: u32 = 5;

/// An empty database on the shared server; dropping it drops the database.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    name: String,
}

impl TestDatabase {
    /// `postgres://user@host:port/name`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // The test may be failing already: a second panic here would only hide the first.
        if let Err(problem) = server().run(&format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE);", self.name)) {
            eprintln!("dropping the test database {}: {problem}", self.name);
        }
    }
}

/// A new, empty database. Starts the server if this is the first use.
///
/// # Panics
/// When PostgreSQL is not installed or does not start.
pub fn database() -> TestDatabase {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let server = server();
    let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    if let Err(problem) = server.run(&format!("CREATE DATABASE \"{name}\" TEMPLATE template0;")) {
        panic!("creating a test database: {problem}");
    }
    TestDatabase {
        url: format!("postgres://postgres@127.0.0.1:{}/{name}", server.port),
        name,
    }
}

struct Server {
    port: u16,
    console: Mutex<Console>,
    // Held for as long as this process lives.
    _user: File,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::join(&home()).unwrap_or_else(|problem| panic!("the tests' PostgreSQL: {problem}")))
}

/// One folder per user account: locks, and the cluster while it runs.
fn home() -> PathBuf {
    std::env::temp_dir().join(format!("media-vault-postgres-{}", rustix::process::getuid().as_raw()))
}

impl Server {
    fn join(home: &Path) -> Result<Self, String> {
        fs::create_dir_all(home).map_err(|error| format!("{}: {error}", home.display()))?;
        let owner = fs::metadata(home).map_err(|error| error.to_string())?.uid();
        if owner != rustix::process::getuid().as_raw() {
            return Err(format!("{} belongs to somebody else; remove it", home.display()));
        }
        // The account `postgres` must be able to walk through.
        fs::set_permissions(home, fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;

        let user = lock_file(&home.join("users.lock"))?;
        user.lock_shared().map_err(|error| error.to_string())?;
        let starting = lock_file(&home.join("start.lock"))?;
        starting.lock().map_err(|error| error.to_string())?;
        let port = match running_port(home) {
            Some(port) => port,
            None => start(home)?,
        };
        starting.unlock().map_err(|error| error.to_string())?;
        Ok(Self {
            port,
            console: Mutex::new(Console::open(port)?),
            _user: user,
        })
    }

    fn run(&self, statement: &str) -> Result<(), String> {
        let mut console = self.console.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        console.run(statement)
    }
}

fn lock_file(path: &Path) -> Result<File, String> {
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// The port of a server that answers; `None` when there is none or it has died.
fn running_port(home: &Path) -> Option<u16> {
    let port = fs::read_to_string(home.join("port")).ok()?.trim().parse().ok()?;
    std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(|_| port)
}

fn start(home: &Path) -> Result<u16, String> {
    let programs = programs()?;
    let cluster = home.join("cluster");
    if cluster.exists() {
        // Left behind by a machine that was switched off.
        fs::remove_dir_all(&cluster).map_err(|error| format!("{}: {error}", cluster.display()))?;
    }
    fs::create_dir(&cluster).map_err(|error| format!("{}: {error}", cluster.display()))?;
    if is_root() {
        checked(Command::new("chown").arg("postgres:").arg(&cluster))?;
    }
    checked(as_postgres(&programs.join("initdb")).arg("-D").arg(&cluster).args([
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]))?;
    let mut failure = String::new();
    for _ in 0..STARTS {
        let port = free_port()?;
        let settings: String = SETTINGS.iter().map(|setting| format!("-c {setting} ")).collect();
        let mut command = as_postgres(&programs.join("pg_ctl"));
        command
            .arg("-D")
            .arg(&cluster)
            .args(["--wait", "--silent", "-l"])
            .arg(cluster.join("server.log"));
        command.args(["-o", &format!("{settings} -p {port}"), "start"]);
        match checked(&mut command) {
            Ok(()) => {
                fs::write(home.join("port"), port.to_string()).map_err(|error| error.to_string())?;
                watch(home, &programs, &cluster)?;
                return Ok(port);
            }
            Err(problem) => failure = problem,
        }
    }
    Err(failure)
}

/// Starts the process that waits until the last user has gone, then stops the server and removes its files.
fn watch(home: &Path, programs: &Path, cluster: &Path) -> Result<(), String> {
    let stop = r#"
        exec 9>>"$1/users.lock"
        flock -x 9
        cd /
        if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$2/pg_ctl" -D "$3" -m immediate -w stop
        else "$2/pg_ctl" -D "$3" -m immediate -w stop; fi
        rm -rf "$3" "$1/port"
    "#;
    // A session of its own: Ctrl-C in the terminal, or the end of the test's process group, must not reach it.
    Command::new("setsid")
        .args(["--fork", "sh", "-c", stop, "sh"])
        .arg(home)
        .arg(programs)
        .arg(cluster)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("setsid: {error}"))
        .map(|_| ())
}

/// The newest installed version's folder of programs.
fn programs() -> Result<PathBuf, String> {
    let versions = fs::read_dir("/usr/lib/postgresql").map(|entries| {
        entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
            .max()
    });
    let newest = versions
        .ok()
        .flatten()
        .map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
    match newest {
        Some(folder) if folder.join("initdb").exists() => Ok(folder),
        _ => Err("PostgreSQL is not installed. Run `make setup` (or: apt-get install postgresql)".to_owned()),
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// PostgreSQL refuses to run as root: then it runs as the account that its package made.
fn as_postgres(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn checked(command: &mut Command) -> Result<(), String> {
    // Output goes to a file, not to a pipe: the server that `pg_ctl` leaves behind would keep a pipe open for ever.
    let output = tempfile::tempfile().map_err(|error| error.to_string())?;
    let twice = |file: &File| file.try_clone().map_err(|error| error.to_string());
    let status = command
        .stdout(twice(&output)?)
        .stderr(twice(&output)?)
        .status()
        .map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    if status.success() {
        return Ok(());
    }
    use std::os::unix::fs::FileExt;
    let mut said = vec![0; 4096];
    let length = output.read_at(&mut said, 0).unwrap_or(0);
    Err(format!(
        "{command:?}: {status}: {}",
        String::from_utf8_lossy(&said[..length])
    ))
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
    Ok(listener.local_addr().map_err(|error| error.to_string())?.port())
}

/// One `psql` for the life of the process: a new one for each statement would cost every test 50 ms.
struct Console {
    _process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// Printed by `psql` after each statement. No message of the server looks like this.
const DONE: &str = "--media-vault-done--";

impl Console {
    fn open(port: u16) -> Result<Self, String> {
        let mut process = Command::new("sh")
            .args([
                "-c",
                "exec psql --no-psqlrc --quiet --no-align --tuples-only \"$@\" 2>&1",
                "sh",
            ])
            .args(["--host=127.0.0.1", "--username=postgres", "--dbname=postgres"])
            .arg(format!("--port={port}"))
            .env("PGOPTIONS", "--client-min-messages=warning")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("psql: {error}"))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("psql has no pipes".to_owned());
        };
        Ok(Self {
            _process: process,
            input,
            output: BufReader::new(output),
        })
    }

    fn run(&mut self, statement: &str) -> Result<(), String> {
        writeln!(self.input, "{statement}\n\\echo {DONE}").map_err(|error| format!("psql: {error}"))?;
        let mut said = String::new();
        loop {
            let mut line = String::new();
            if self
                .output
                .read_line(&mut line)
                .map_err(|error| format!("psql: {error}"))?
                == 0
            {
                return Err(format!("psql ended: {said}"));
            }
            if line.trim_end() == DONE {
                break;
            }
            said.push_str(&line);
        }
        if said.contains("ERROR") || said.contains("FATAL") {
            Err(said)
        } else {
            Ok(())
        }
    }
}
