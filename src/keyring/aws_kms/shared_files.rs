//! The config and the credentials file of AWS, read as the AWS CLI reads them.
//!
//! The SDK is stricter, and reads nothing of a file that has one line it does not know. So it is
//! given what was read here, written anew.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown_path;

/// The sections of both files.
#[derive(Debug)]
pub(super) struct SharedFiles {
    pub(super) config: SharedFile,
    pub(super) credentials: SharedFile,
}

/// One file.
#[derive(Debug)]
pub(super) struct SharedFile {
    pub(super) path: PathBuf,
    sections: Vec<Section>,
}

/// `[kind name]`, or only `[name]`.
#[derive(Debug)]
pub(super) struct Section {
    kind: Option<String>,
    name: String,
    properties: Vec<Property>,
}

#[derive(Debug)]
struct Property {
    name: String,
    value: String,
    line: usize,
    /// The lines that are indented below it, each with its number.
    more: Vec<(usize, String)>,
}

/// What a profile says, and where.
pub(super) struct Found<'a> {
    pub(super) value: &'a str,
    pub(super) path: &'a Path,
    pub(super) line: usize,
}

impl SharedFiles {
    /// Reads both; a file that does not exist is empty.
    ///
    /// # Errors
    /// `Configuration`, with the file and the line that cannot be read.
    pub(super) fn read(environment: &Environment) -> Result<Self> {
        let config = place(environment, "AWS_CONFIG_FILE", "config");
        let credentials = place(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
        Ok(Self {
            config: SharedFile::read(config, true)?,
            credentials: SharedFile::read(credentials, false)?,
        })
    }

    /// What a profile says; the credentials file comes first.
    pub(super) fn find(&self, profile: &str, name: &str) -> Option<Found<'_>> {
        let in_file = |file: &'_ SharedFile| -> Option<(usize, usize)> {
            let mut profiles = file.sections.iter().enumerate();
            profiles.find_map(|(i, section)| {
                let mut properties = section.properties.iter();
                let found = properties.position(|property| property.name == name)?;
                section.is_profile(profile).then_some((i, found))
            })
        };
        [&self.credentials, &self.config].into_iter().find_map(|file| {
            let (section, property) = in_file(file)?;
            let Property { value, line, .. } = &file.sections[section].properties[property];
            (!value.is_empty()).then_some(Found { value, path: &file.path, line: *line })
        })
    }

    /// The section `[services NAME]` of the config file.
    pub(super) fn services(&self, name: &str) -> Option<&Section> {
        let is_it = |section: &&Section| {
            section.kind.as_deref() == Some("services") && section.name == unquoted(name)
        };
        self.config.sections.iter().find(is_it)
    }

    /// The names of all profiles.
    pub(super) fn profiles(&self) -> Vec<&str> {
        let sections = self.credentials.sections.iter().chain(&self.config.sections);
        let named = sections.filter(|section| section.is_profile(&section.name));
        let mut names: Vec<_> = named.map(|section| section.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl SharedFile {
    fn read(path: PathBuf, is_config: bool) -> Result<Self> {
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) if path.as_os_str().is_empty() || path.is_dir() => {
                return Err(unreadable(&path, &format!("is no file ({})", error.kind())));
            }
            Err(error) => {
                let why = format!("cannot be read ({}); let this user read it", error.kind());
                return Err(unreadable(&path, &why));
            }
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let line =
                1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            unreadable(&path, &format!("is not UTF-8 text at line {line}; save it as UTF-8"))
        })?;
        let sections = parse(text, is_config).map_err(|(line, why)| {
            unreadable(&path, &format!("cannot be read at line {line}: {why}"))
        })?;
        Ok(Self { path, sections })
    }

    /// The file as the SDK reads it. Where it takes the keys of the environment, it takes those of the
    /// profile `keys`, if there is one.
    pub(super) fn normalized(&self, keys: Option<&str>) -> String {
        let mut text = String::new();
        for Section { kind, name, properties } in &self.sections {
            let kind = kind.as_ref().map(|kind| format!("{kind} ")).unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "[{kind}{}]", encode(name));
            for Property { name, value, more, .. } in properties {
                if let Some(keys) = keys
                    && name == "credential_source"
                    && value.eq_ignore_ascii_case("environment")
                {
                    let _ = writeln!(text, "source_profile = {keys}");
                    continue;
                }
                let refers = matches!(name.as_str(), "source_profile" | "sso_session" | "services");
                let value = if refers { encode(unquoted(value)) } else { value.clone() };
                let _ = writeln!(text, "{name} = {value}");
                for (_, line) in more {
                    let _ = writeln!(text, "  {line}");
                }
            }
        }
        text
    }
}

impl Section {
    /// A property below a property, and its line.
    pub(super) fn nested(&self, outer: &str, inner: &str) -> Option<(&str, usize)> {
        let outer = self.properties.iter().find(|property| property.name == outer)?;
        outer.more.iter().find_map(|(line, text)| {
            let (name, value) = text.split_once(['=', ':'])?;
            (name.trim().eq_ignore_ascii_case(inner)).then_some((value.trim(), *line))
        })
    }

    fn is_profile(&self, profile: &str) -> bool {
        self.name == profile && self.kind.as_deref().is_none_or(|kind| kind == "profile")
    }
}

/// A name with only the letters that the SDK allows in one.
pub(super) fn encode(name: &str) -> String {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-/.@:+".contains(&byte);
    let plain = name.bytes().all(|byte| allowed(byte) || byte == b'%');
    let mut text = String::new();
    for byte in name.bytes() {
        if plain || allowed(byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn place(environment: &Environment, variable: &str, name: &str) -> PathBuf {
    let home = environment.home().unwrap_or_default();
    match environment.get(variable) {
        Some(path) => match path.strip_prefix("~/") {
            Some(rest) => Path::new(&home).join(rest),
            None => PathBuf::from(path),
        },
        None => Path::new(&home).join(".aws").join(name),
    }
}

/// Python's `configparser`, as the AWS CLI uses it. An indented line goes on with the property above
/// it, unless all are indented alike; what follows the `]` of a section does not count.
fn parse(text: &str, is_config: bool) -> Result<Vec<Section>, (usize, &'static str)> {
    let mut sections: Vec<Section> = Vec::new();
    let mut indent = 0;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (i, line) in text.lines().enumerate() {
        let (number, content) = (i + 1, line.trim());
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        let depth = line.len() - line.trim_start().len();
        let above = sections.last_mut().and_then(|section| section.properties.last_mut());
        if let Some(property) = above.filter(|_| depth > indent) {
            if property.value.is_empty() && !content.contains('=') {
                return Err((number, "an indented line must be NAME = VALUE"));
            }
            property.more.push((number, content.to_owned()));
            continue;
        }
        indent = depth;
        if let Some(header) = content.strip_prefix('[') {
            let end = header.rfind(']').ok_or((number, "the name of a section must end with ]"))?;
            sections.push(section(header[..end].trim(), is_config));
            continue;
        }
        let section = sections.last_mut().ok_or((
            number,
            "it must come after the name of a section, such as [default] or [profile NAME]",
        ))?;
        let (name, value) = content
            .split_once(['=', ':'])
            .map(|(name, value)| (name.trim(), value.trim()))
            .filter(|(name, _)| !name.is_empty())
            .ok_or((number, "it must be NAME = VALUE, or a comment that begins with #"))?;
        let (name, value) = (name.to_ascii_lowercase(), without_comment(value).to_owned());
        section.properties.push(Property { name, value, line: number, more: Vec::new() });
    }
    Ok(sections)
}

fn section(header: &str, is_config: bool) -> Section {
    let (kind, name) = match header.split_once([' ', '\t']).filter(|_| is_config) {
        Some((kind, name)) => (Some(kind.to_owned()), unquoted(name.trim()).to_owned()),
        None => (None, unquoted(header).to_owned()),
    };
    Section { kind, name, properties: Vec::new() }
}

/// A name without the quotes around it.
pub(super) fn unquoted(name: &str) -> &str {
    let within = |quote| name.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(name)
}

/// A comment within a line begins with a space.
fn without_comment(value: &str) -> &str {
    let mut before = ' ';
    for (i, letter) in value.char_indices() {
        if matches!(letter, '#' | ';') && before.is_whitespace() {
            return value[..i].trim_end();
        }
        before = letter;
    }
    value
}

fn unreadable(path: &Path, why: &str) -> Error {
    Error::new(Code::Configuration, format!("the AWS file {} {why}", shown_path(path)))
}
