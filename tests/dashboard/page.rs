//! The dashboard's page, driven in headless Chromium (`tests/clients/dashboard.js`).

use crate::support::node::run_script;

use super::host;

#[test]
fn the_page_shows_rooms_talks_to_them_and_changes_what_they_store() {
    let host = host(&[]);
    let told = run_script("dashboard.js", &[&format!("http://{}", host.address())]);
    assert!(told.contains("dashboard: all as it must be"), "{told}\n{}", host.output());
}
