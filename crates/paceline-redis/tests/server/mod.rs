//! A Redis server of a test's own, on a socket in a directory of its own, gone with the test.

#![allow(dead_code, reason = "each test uses its own part")]
#![allow(unreachable_pub, reason = "unit tests include it, too")]
#![allow(clippy::print_stderr, reason = "who misses the server should be told")]

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

pub struct Server {
    dir: TempDir,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Server {
    /// Starts a server that persists nothing, or says loudly that there is none.
    pub fn start() -> Option<Self> {
        Self::start_with(&["--appendonly", "no"])
    }

    /// The same with other arguments.
    pub fn start_with(arguments: &[&str]) -> Option<Self> {
        let mut server = Self {
            dir: TempDir::new().expect("a directory can be made"),
            arguments: arguments.iter().map(|&text| text.to_owned()).collect(),
            child: None,
        };
        if server.run().is_none() {
            eprintln!("SKIPPED: there is no redis-server in the PATH, so this test tests nothing");
            return None;
        }
        Some(server)
    }

    /// Starts it again, after it was killed, and waits until it serves.
    pub fn run(&mut self) -> Option<()> {
        let mut command = Command::new("redis-server");
        command
            .arg("--port")
            .arg("0")
            .arg("--unixsocket")
            .arg(self.socket());
        command
            .arg("--dir")
            .arg(self.dir.path())
            .arg("--save")
            .arg("");
        command
            .args(&self.arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let output = child.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines();
        while let Some(Ok(line)) = lines.next() {
            if line
                .to_ascii_lowercase()
                .contains("ready to accept connections")
            {
                break;
            }
        }
        // What it writes later must go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        self.child = Some(child);
        Some(())
    }

    /// Kills it as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends it a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        let status = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(pid)
            .status();
        assert!(status.is_ok_and(|status| status.success()));
    }

    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("redis.sock")
    }

    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// A connection that no throttle uses.
    pub fn connection(&self) -> redis::Connection {
        let client = redis::Client::open(self.url()).expect("the address is valid");
        client.get_connection().expect("the server runs")
    }

    /// Runs a command that cannot fail.
    pub fn command(&self, words: &[&str]) -> redis::Value {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command
            .query(&mut self.connection())
            .expect("the server obeys")
    }

    /// The keys that there are.
    pub fn keys(&self) -> Vec<String> {
        let keys = redis::cmd("KEYS").arg("*").query(&mut self.connection());
        keys.expect("the server obeys")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Wherever it was stopped, it must go.
        self.kill();
    }
}
