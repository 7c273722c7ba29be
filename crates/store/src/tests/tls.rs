//! Encrypted connections, against a PostgreSQL of its own that demands them.

use super::*;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn run(command: &mut Command) {
    let out = command.output().unwrap();
    assert!(
        out.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
}

/// An authority, and a certificate of it for one name.
fn certificates(folder: &Path, name: &str) {
    let openssl = |args: &str| run(Command::new("openssl").current_dir(folder).args(args.split(' ')));
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    openssl(&format!(
        "req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority"
    ));
    openssl(&format!(
        "req -x509 {key} -keyout other.key -out other.pem -subj /CN=other"
    ));
    openssl(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj /CN=server",
    );
    fs::write(
        folder.join("names"),
        format!("subjectAltName=DNS:{name}\nbasicConstraints=CA:FALSE\n"),
    )
    .unwrap();
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem");
}

/// A server that listens with TLS only; it ends and goes with this value.
struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

impl Server {
    fn start() -> Server {
        let folder = testkit::folder();
        certificates(folder.path(), "localhost");
        let programs = fs::read_dir("/usr/lib/postgresql")
            .unwrap()
            .map(|e| e.unwrap().path().join("bin"))
            .max()
            .unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let server = Server { folder, programs, port };
        let cluster = server.path().join("cluster");
        fs::create_dir(&cluster).unwrap();
        if is_root() {
            run(Command::new("chown").arg("-R").arg("postgres:").arg(server.path()));
        }
        run(server.program("initdb").arg("-D").arg(&cluster).args([
            "--username=postgres",
            "--auth=trust",
            "--no-sync",
        ]));
        let certificate = |file: &str| server.path().join(file).display().to_string();
        let settings = format!(
            "ssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'\nport = {port}\nlisten_addresses = '127.0.0.1'\n\
             unix_socket_directories = ''\nfsync = off\n",
            certificate("server.pem"),
            certificate("server.key")
        );
        append(&cluster.join("postgresql.conf"), &settings);
        fs::write(cluster.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").unwrap();
        // Its output must not go to our pipe, which it would keep open.
        let log = cluster.join("log");
        run(server
            .program("pg_ctl")
            .arg("-D")
            .arg(&cluster)
            .arg("-l")
            .arg(log)
            .args(["--wait", "--silent", "start"])
            .stdout(std::process::Stdio::null()));
        server
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// PostgreSQL refuses to run as root: then it runs as the account that its package made.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir("/");
        command
    }

    fn open(&self, host: &str, words: &str) -> Result<Store, StoreError> {
        let words = words.replace("FOLDER", &self.path().display().to_string());
        let settings = Settings {
            url: format!("postgres://postgres@{host}:{}/postgres?{words}", self.port),
            connections: 1,
        };
        Store::open(&settings, Arc::new(|_| {}))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = self
            .program("pg_ctl")
            .arg("-D")
            .arg(self.path().join("cluster"))
            .args(["-m", "immediate", "stop"])
            .output();
        assert!(stopped.is_ok_and(|s| s.status.success()) || std::thread::panicking());
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

fn append(path: &Path, text: &str) {
    let old = fs::read_to_string(path).unwrap();
    fs::write(path, old + text).unwrap();
}

#[test]
fn a_connection_is_as_safe_as_its_address_says() {
    let server = Server::start();
    for words in [
        "",
        "sslmode=prefer",
        "sslmode=require",
        "sslmode=verify-full&sslrootcert=FOLDER/ca.pem",
    ] {
        let store = server
            .open("localhost", words)
            .unwrap_or_else(|e| panic!("{words}: {e}"));
        let sql = "SELECT version FROM pg_stat_ssl WHERE ssl AND pid = pg_backend_pid()";
        let read = store.read::<_, StoreError>(move |tx| tx.find(sql, &[], |r| r.get::<String>(0)));
        assert_eq!(testkit::block_on(read).unwrap().as_deref(), Some("TLSv1.3"), "{words}");
    }
    for (host, words, why) in [
        ("localhost", "sslmode=disable", "no encryption"),
        (
            "localhost",
            "sslmode=verify-full&sslrootcert=FOLDER/other.pem",
            "UnknownIssuer",
        ),
        ("localhost", "sslmode=verify-full", "UnknownIssuer"),
        (
            "localhost",
            "sslmode=verify-full&sslrootcert=FOLDER/none.pem",
            "none.pem",
        ),
        (
            "127.0.0.1",
            "sslmode=verify-full&sslrootcert=FOLDER/ca.pem",
            "not valid for name",
        ),
    ] {
        let refused = server.open(host, words).map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains(why), "{host} {words}: {refused}");
    }
}

#[test]
fn who_demands_encryption_gets_no_connection_without() {
    let database = Database::postgres();
    for words in ["sslmode=require", "sslmode=verify-full"] {
        let settings = Settings {
            url: format!("{}?{words}", database.url()),
            connections: 1,
        };
        let refused = Store::open(&settings, Arc::new(|_| {})).map(|_| ());
        assert!(refused.is_err(), "{words}");
    }
}
