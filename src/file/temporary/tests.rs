use std::fs;
use std::io::Write;

use tempfile::TempDir;

use super::*;

/// A folder with a file `taken` in it.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("taken"), b"precious").unwrap();
    folder
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

fn content(folder: &TempDir, name: &str) -> Vec<u8> {
    fs::read(folder.path().join(name)).unwrap()
}

/// A file as systems make it that have none without a name.
fn named(folder: &TempDir, name: &str) -> Temporary {
    let named = named_in(folder.path(), name).unwrap();
    (&named.as_file().1).write_all(b"finished").unwrap();
    Temporary::Named(named)
}

#[test]
fn without_unnamed_files_an_unfinished_one_is_hidden_and_gone_when_it_is_given_up() {
    let folder = folder();
    let long = "\u{1f511}".repeat(63);
    let unfinished = named(&folder, &long);
    let listed = names(&folder);
    let [hidden, _] = listed.as_slice() else { panic!("{listed:?}") };
    assert!(hidden.starts_with(".\u{1f511}") && hidden.ends_with(".tmp"), "{hidden}");
    assert!(hidden.len() <= 255, "{hidden}");
    drop(unfinished);
    assert_eq!(names(&folder), ["taken"]);
}

#[test]
fn without_unnamed_files_a_finished_one_takes_its_name_and_leaves_no_other() {
    let folder = folder();
    named(&folder, "new").place(&folder.path().join("new"), "new", false).unwrap();
    named(&folder, "taken").place(&folder.path().join("taken"), "taken", true).unwrap();
    assert_eq!(names(&folder), ["new", "taken"]);
    assert_eq!(
        (content(&folder, "new"), content(&folder, "taken")),
        (b"finished".into(), b"finished".into())
    );
}

#[test]
fn without_unnamed_files_an_existing_file_is_replaced_only_where_allowed() {
    let folder = folder();
    let refused = named(&folder, "taken").place(&folder.path().join("taken"), "taken", false);
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(names(&folder), ["taken"]);
    assert_eq!(content(&folder, "taken"), b"precious");
}

#[cfg(unix)]
#[test]
fn without_unnamed_files_an_unfinished_one_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let unfinished = named(&folder, "new");
    let mode = unfinished.file().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[cfg(target_os = "linux")]
mod where_links_fail {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A file without a name; `None` on a file system that has no such files.
    fn unnamed_in(folder: &TempDir) -> Option<File> {
        let file = unnamed::make_in(folder.path()).unwrap()?;
        (&file).write_all(b"finished").unwrap();
        Some(file)
    }

    #[test]
    fn a_finished_file_is_copied_whole_to_its_place_for_its_owner_alone() {
        let folder = folder();
        let Some(file) = unnamed_in(&folder) else { return };
        unnamed::copy(&file, &folder.path().join("new"), "new", false).unwrap();
        unnamed::copy(&file, &folder.path().join("taken"), "taken", true).unwrap();
        assert_eq!(names(&folder), ["new", "taken"]);
        for name in ["new", "taken"] {
            assert_eq!(content(&folder, name), b"finished");
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn an_existing_file_is_not_replaced_by_a_copy_unless_allowed() {
        let folder = folder();
        let Some(file) = unnamed_in(&folder) else { return };
        let refused = unnamed::copy(&file, &folder.path().join("taken"), "taken", false);
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(names(&folder), ["taken"]);
        assert_eq!(content(&folder, "taken"), b"precious");
    }
}
