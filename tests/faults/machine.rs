//! What the machine does to a host: signals, folders that are in use or cannot be written.

use std::os::unix::fs::PermissionsExt;

use super::TROUBLE;
use crate::support::project::fresh_folder;
use crate::support::{Host, HostOptions, Project, Socket, eventually, run};

#[test]
fn a_second_host_on_the_same_folder_is_refused() {
    run(async {
        let project = Project::single(TROUBLE);
        let folder = fresh_folder();
        let mut host = Host::start_with(&project, HostOptions::persist(folder.path()));
        assert_eq!(host.get("/party/a/keep").await.text(), "kept");
        let second = Host::try_start(&project, HostOptions::persist(folder.path()));
        let ended = second.err().expect("the folder is in use");
        assert_eq!(ended.code, Some(1), "{}", ended.output);
        let named = ended.output.contains(&folder.path().display().to_string());
        assert!(named, "the folder is named: {}", ended.output);
        assert_eq!(host.get("/party/a/kept").await.text(), "yes");
        host.assert_alive();
        // The folder is free as soon as the process is gone.
        host.restart(&project);
        assert_eq!(host.get("/party/a/kept").await.text(), "yes");
    });
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let project = Project::single(TROUBLE);
    let folder = fresh_folder();
    let locked = folder.path().join("locked");
    std::fs::create_dir(&locked).expect("a folder can be made");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555))
        .expect("permissions can be set");
    // Permissions do not bind root; there is a folder that binds it, too.
    let binds = std::fs::write(locked.join("probe"), "").is_err();
    let folder = if binds { locked } else { "/proc/sys".into() };
    let ended = Host::try_start(&project, HostOptions::persist(&folder))
        .err()
        .expect("nothing can be kept in that folder");
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    let named = ended.output.contains(&folder.display().to_string());
    assert!(named, "the folder is named: {}", ended.output);
}

#[test]
fn a_file_in_place_of_the_folder_is_named() {
    let project = Project::single(TROUBLE);
    let folder = fresh_folder();
    let file = folder.path().join("state");
    std::fs::write(&file, "not a folder").expect("a file can be written");
    let ended =
        Host::try_start(&project, HostOptions::persist(&file)).err().expect("a file is no folder");
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    assert!(ended.output.contains(&file.display().to_string()), "{}", ended.output);
}

/// Every client is an open file: the host refuses those it has no file for, before it needs the last.
#[test]
fn clients_beyond_the_limit_of_open_files_are_told_so() {
    run(async {
        // 256 are the host's own (limits::FILES_ELSE); what remains is for clients.
        let under = ["sh", "-c", "ulimit -n 300 && exec \"$@\"", "sh"].map(str::to_owned).to_vec();
        let options = HostOptions { under, ..HostOptions::default() };
        let mut host = Host::start_with(&Project::single(TROUBLE), options);
        let mut sockets = Vec::new();
        let refused = loop {
            // Those on their way from the edge to their room are counted by neither.
            assert!(sockets.len() < 60, "{} clients were let in", sockets.len());
            match Socket::try_open(host.address(), "/party/crowd", &[]).await {
                Ok(socket) => sockets.push(socket),
                Err(refused) => break refused,
            }
        };
        assert!(sockets.len() > 30, "only {} clients were let in", sockets.len());
        assert_eq!(refused.status, 503, "{}", refused.body);
        assert!(refused.body.contains("limit of 44 open connections"), "{}", refused.body);
        // One leaves, and before it those above the limit, who were on their way when it was reached.
        let stay = sockets.len().min(44) - 1;
        for socket in sockets.drain(stay..) {
            socket.close().await;
        }
        eventually("a client that leaves makes room", || async {
            Socket::try_open(host.address(), "/party/crowd", &[]).await.ok()
        })
        .await;
        host.assert_alive();
    });
}

#[test]
fn sigterm_closes_sockets_with_1001_and_keeps_what_was_written() {
    run(async {
        let project = Project::single(TROUBLE);
        let mut host = Host::start(&project);
        let mut sockets = Vec::new();
        for room in ["a", "b", "c"] {
            sockets.push(host.open(&format!("/party/{room}")).await);
            assert_eq!(host.get(&format!("/party/{room}/keep")).await.text(), "kept");
        }
        host.terminate();
        for socket in &mut sockets {
            socket.expect_close(1001).await;
        }
        let status = host.wait_end();
        assert_eq!(status.code(), Some(0), "{}", host.output());
        host.restart(&project);
        for room in ["a", "b", "c"] {
            assert_eq!(host.get(&format!("/party/{room}/kept")).await.text(), "yes");
        }
    });
}

#[test]
fn an_explicit_port_that_is_taken_is_named() {
    run(async {
        let project = Project::single(TROUBLE);
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = taken.local_addr().expect("it has an address").port().to_string();
        project.write(
            "partykit.json",
            &format!(r#"{{ "name": "test", "main": "main.ts", "port": {port} }}"#),
        );
        // The flag wins over the file, so the host starts on a free port.
        let host = Host::start(&project);
        assert_ne!(host.address().port().to_string(), port);
        let flags = HostOptions::flags(&["--host", "127.0.0.1"]);
        let second =
            HostOptions { flags: [flags.flags, vec!["-p".into(), port.clone()]].concat(), ..flags };
        let ended = Host::try_start(&project, second).err().expect("the port is taken");
        assert_ne!(ended.code, Some(0), "{}", ended.output);
    });
}

#[test]
fn nothing_is_kept_when_nothing_is_to_be_kept() {
    run(async {
        let project = Project::single(TROUBLE);
        let folder = fresh_folder();
        let durability = HostOptions::flags(&["--durability", "memory"]);
        let options = HostOptions { persist: Some(folder.path().to_owned()), ..durability };
        let mut host = Host::start_with(&project, options);
        assert_eq!(host.get("/party/a/keep").await.text(), "kept");
        assert_eq!(host.get("/party/a/kept").await.text(), "yes");
        host.restart(&project);
        assert_eq!(host.get("/party/a/kept").await.text(), "undefined");
    });
}
