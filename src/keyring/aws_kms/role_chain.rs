//! The profiles that a role is assumed from: checked when a keyring is made, where the SDK says later,
//! and of all mistakes alike, that its settings are wrong.

use super::environment::KEYS;
use super::setting_sources::{Setting, Sources, no_such_profile, wrong};
use super::shared_files::unquoted;
use crate::error::Result;

const CONTAINER: [&str; 2] =
    ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];

/// What a role starts from that no profile gives: the word of `credential_source`, and its place.
pub(super) struct Start {
    pub(super) word: Word,
    pub(super) origin: String,
}

/// What `credential_source` may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Environment,
    Instance,
    Container,
}

const WORDS: [(&str, Word); 3] = [
    ("Environment", Word::Environment),
    ("Ec2InstanceMetadata", Word::Instance),
    ("EcsContainer", Word::Container),
];

impl Start {
    /// How errors call it.
    pub(super) fn shown(&self) -> String {
        let word = WORDS.iter().find(|(_, word)| *word == self.word).map_or("", |(name, _)| name);
        format!("{word}, the {}", self.origin)
    }
}

/// Follows the roles of the profile to what the first of them starts from; `None` if that is a profile
/// with credentials of its own, or if there is no role.
///
/// # Errors
/// `Configuration`, with the file and the line, and what to write.
pub(super) fn start(sources: &Sources<'_>, metadata_disabled: bool) -> Result<Option<Start>> {
    let &Sources { environment, files, profile } = sources;
    let (mut profile, mut seen) = (profile, vec![profile]);
    loop {
        let here = Sources { environment, files, profile };
        let web = here.find(&[], "web_identity_token_file");
        let Some(role) = here.find(&[], "role_arn").filter(|_| web.is_none()) else {
            return Ok(None);
        };
        let next = files.find(profile, "source_profile");
        match (here.find(&[], "credential_source"), next) {
            (None, None) => {
                return Err(wrong(&format!(
                    "{} needs source_profile or credential_source beside it; add one of them",
                    role.origin
                )));
            }
            (Some(word), Some(_)) => {
                return Err(wrong(&format!(
                    "{} and source_profile exclude each other; leave one of them out",
                    word.origin
                )));
            }
            (Some(word), None) => return known(&here, word, metadata_disabled).map(Some),
            (None, Some(found)) => {
                let named = here.setting("source_profile", &found);
                let name = unquoted(found.value);
                if !files.profiles().contains(&name) {
                    return Err(no_such_profile(&named, files));
                }
                // One that names itself starts from its own keys; so does any other that has some.
                if name == profile || files.find(name, "aws_access_key_id").is_some() {
                    return Ok(None);
                }
                if seen.contains(&name) {
                    let todo =
                        "which leads back to itself; name a profile with credentials of its own";
                    return Err(named.wrong(todo));
                }
                seen.push(name);
                profile = name;
            }
        }
    }
}

/// Refuses a word that is none, or that cannot give credentials here.
fn known(sources: &Sources<'_>, source: Setting, metadata_disabled: bool) -> Result<Start> {
    let environment = sources.environment;
    let is_it = |(name, _): &&(&str, _)| name.eq_ignore_ascii_case(&source.value);
    let Some((_, word)) = WORDS.iter().find(is_it) else {
        let names = WORDS.map(|(name, _)| name).join(", ");
        return Err(source.wrong(&format!("which is none of {names}")));
    };
    match word {
        Word::Environment if environment.get(KEYS[0]).is_none() => {
            let (id, secret) = (KEYS[0], KEYS[1]);
            Err(source.wrong(&format!("and {id} and {secret} are not set; set both")))
        }
        Word::Container if environment.first(&CONTAINER).is_none() => {
            let [relative, full] = CONTAINER;
            Err(source.wrong(&format!(
                "and neither {relative} nor {full} is set, as they are in a container with a role; \
                 write another source"
            )))
        }
        Word::Instance if metadata_disabled => Err(source
            .wrong("and AWS_EC2_METADATA_DISABLED is true; unset that, or write another source")),
        _ => Ok(Start { word: *word, origin: source.origin }),
    }
}
