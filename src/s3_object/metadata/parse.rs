//! Reads metadata, and an instruction file where the object has one.

use std::collections::BTreeMap;

use data_encoding::BASE64;

use super::{COMMITMENT_LENGTH, Content, Format, MESSAGE_ID_LENGTH, ObjectMetadata, names};
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::s3_object::json::{self, Pairs};
use crate::s3_object::{encoded_words, wrapping::Wrapping};

/// The most that metadata and an instruction file may hold in all, in bytes: S3 takes 2 KiB of
/// metadata, and clients write some KiB of instruction file.
pub(super) const MAX_LENGTH: usize = 256 * 1024;

/// The values of an object's metadata or of an instruction file, by their names.
type Fields = BTreeMap<String, String>;

impl ObjectMetadata {
    /// What an object's own metadata and its instruction file, if it has one, say.
    ///
    /// Names come without `x-amz-meta-`, in any case. What is not the S3 Encryption Client's is
    /// ignored.
    ///
    /// # Errors
    /// `MalformedMessage` for what is missing, stands in two places, has a wrong length, or belongs
    /// to another format; `UnsupportedMessage` for an algorithm that does not exist.
    pub fn parse(
        metadata: impl IntoIterator<Item = (String, String)>,
        instruction_file: Option<&str>,
    ) -> Result<Self> {
        let object = object_fields(metadata)?;
        let file = instruction_file.map(file_fields).transpose()?;
        let format = format(&object, file.as_ref())?;
        let fields = merged(format, object, file)?;
        match format {
            Format::V1 => v1(&fields),
            Format::V2 => v2(&fields),
            Format::V3 => v3(&fields),
        }
    }

    /// Whether these names are those of an object whose data key stands in an instruction file.
    pub fn needs_instruction_file<'a>(names: impl IntoIterator<Item = &'a str>) -> bool {
        !names.into_iter().any(|name| {
            [names::KEY_V1, names::KEY_V2, names::KEY_V3]
                .iter()
                .any(|key| name.eq_ignore_ascii_case(key))
        })
    }
}

fn object_fields(metadata: impl IntoIterator<Item = (String, String)>) -> Result<Fields> {
    let mut fields = Fields::new();
    let mut length = 0;
    for (name, value) in metadata {
        length += name.len() + value.len();
        if length > MAX_LENGTH {
            return Err(too_long("the object's metadata"));
        }
        let name = name.to_ascii_lowercase();
        if !is_known(&name) {
            continue;
        }
        if fields.insert(name.clone(), encoded_words::decode(&value)).is_some() {
            return Err(Error::malformed(format!("the object's metadata has {name} twice")));
        }
    }
    Ok(fields)
}

fn file_fields(text: &str) -> Result<Fields> {
    if text.len() > MAX_LENGTH {
        return Err(too_long("the instruction file"));
    }
    let pairs = json::parse(text, "the instruction file")?;
    Ok(pairs.into_iter().filter(|(name, _)| is_known(name)).collect())
}

fn is_known(name: &str) -> bool {
    name == names::KEY_V1
        || name == names::PLAINTEXT_LENGTH
        || names::V1_AND_V2.contains(&name)
        || names::V2.contains(&name)
        || names::V3.contains(&name)
}

/// Returns the format: the only one whose wrapped key is there.
///
/// # Errors
/// `MalformedMessage` for fields of two formats: somebody has mixed the metadata of two objects.
fn format(object: &Fields, file: Option<&Fields>) -> Result<Format> {
    let all = || object.keys().chain(file.into_iter().flat_map(Fields::keys)).map(String::as_str);
    let has = |name: &str| all().any(|key| key == name);
    let format = match (has(names::KEY_V1), has(names::KEY_V2), has(names::KEY_V3)) {
        (true, false, false) => Format::V1,
        (false, true, false) => Format::V2,
        (false, false, true) => Format::V3,
        (false, false, false) => return Err(no_key(object, file)),
        _ => return Err(mixed("the wrapped data key of more than one format")),
    };
    let foreign = |name: &str| match format {
        Format::V1 => names::V2.contains(&name) || names::V3.contains(&name),
        Format::V2 => names::V3.contains(&name),
        Format::V3 => names::V2.contains(&name) || names::V1_AND_V2.contains(&name),
    };
    match all().find(|name| foreign(name)) {
        None => Ok(format),
        Some(name) => Err(mixed(&format!("{name} beside the metadata of {}", format.name()))),
    }
}

/// The object's and the file's fields together, each where it may stand.
fn merged(format: Format, object: Fields, file: Option<Fields>) -> Result<Fields> {
    let Some(file) = file else { return Ok(object) };
    if format == Format::V3
        && let Some(name) = names::V3_OBJECT_ONLY.iter().find(|name| file.contains_key(**name))
    {
        return Err(mixed(&format!("{name} in the instruction file, where it must not stand")));
    }
    let mut fields = object;
    for (name, value) in file {
        if name == names::PLAINTEXT_LENGTH {
            continue;
        }
        if fields.contains_key(&name) {
            return Err(mixed(&format!("{name} both in the object and in the instruction file")));
        }
        fields.insert(name, value);
    }
    Ok(fields)
}

fn v1(fields: &Fields) -> Result<ObjectMetadata> {
    Ok(ObjectMetadata {
        format: Format::V1,
        content: Content::Cbc { iv: exact(fields, names::IV)? },
        wrapping: Wrapping::UnnamedV1,
        wrapped_key: wrapped_key(fields, names::KEY_V1)?,
        description: description(fields, names::DESCRIPTION)?,
    })
}

fn v2(fields: &Fields) -> Result<ObjectMetadata> {
    let content = match required(fields, names::CONTENT)? {
        names::AES_CBC => Content::Cbc { iv: exact(fields, names::IV)? },
        names::AES_GCM => {
            check_tag_length(fields)?;
            Content::Gcm { iv: exact(fields, names::IV)? }
        }
        other => return Err(unknown("content", other)),
    };
    let name = required(fields, names::WRAPPING)?;
    let wrapping = Wrapping::of_v2(name).ok_or_else(|| unknown("key wrapping", name))?;
    if wrapping.asks_kms() {
        required(fields, names::DESCRIPTION)?;
    }
    Ok(ObjectMetadata {
        format: Format::V2,
        content,
        wrapping,
        wrapped_key: wrapped_key(fields, names::KEY_V2)?,
        description: description(fields, names::DESCRIPTION)?,
    })
}

fn v3(fields: &Fields) -> Result<ObjectMetadata> {
    match required(fields, names::CONTENT_V3)? {
        names::COMMITTING_AES_GCM => {}
        other => return Err(unknown("content", other)),
    }
    let name = required(fields, names::WRAPPING_V3)?;
    let wrapping = Wrapping::of_v3(name).ok_or_else(|| unknown("key wrapping", name))?;
    let (wanted, other) = if wrapping.asks_kms() {
        required(fields, names::CONTEXT_V3)?;
        (names::CONTEXT_V3, names::DESCRIPTION_V3)
    } else {
        (names::DESCRIPTION_V3, names::CONTEXT_V3)
    };
    if fields.contains_key(other) {
        return Err(mixed(&format!("{other}, which belongs to another kind of wrapping key")));
    }
    Ok(ObjectMetadata {
        format: Format::V3,
        content: Content::CommittingGcm {
            message_id: exact::<MESSAGE_ID_LENGTH>(fields, names::MESSAGE_ID)?,
            commitment: exact::<COMMITMENT_LENGTH>(fields, names::COMMITMENT)?,
        },
        wrapping,
        wrapped_key: wrapped_key(fields, names::KEY_V3)?,
        description: description(fields, wanted)?,
    })
}

/// The tag has 128 bits, whether or not the metadata says so: not every client writes it.
fn check_tag_length(fields: &Fields) -> Result<()> {
    match fields.get(names::TAG_LENGTH).map(String::as_str) {
        None | Some("128") => Ok(()),
        Some(_) => Err(Error::malformed(format!("{} must be 128", names::TAG_LENGTH))),
    }
}

fn description(fields: &Fields, name: &str) -> Result<Pairs> {
    fields.get(name).map_or(Ok(Pairs::new()), |text| json::parse(text, name))
}

fn wrapped_key(fields: &Fields, name: &str) -> Result<Vec<u8>> {
    let key = decoded(fields, name)?;
    if key.is_empty() { Err(wrong_length(name)) } else { Ok(key) }
}

fn exact<const LENGTH: usize>(fields: &Fields, name: &str) -> Result<[u8; LENGTH]> {
    decoded(fields, name)?.try_into().map_err(|_| wrong_length(name))
}

fn decoded(fields: &Fields, name: &str) -> Result<Vec<u8>> {
    BASE64
        .decode(required(fields, name)?.as_bytes())
        .map_err(|_| Error::malformed(format!("{name} is not base64")))
}

fn required<'a>(fields: &'a Fields, name: &str) -> Result<&'a str> {
    fields.get(name).map(String::as_str).ok_or_else(|| {
        Error::malformed(format!("the object has no {name}; part of its metadata was lost"))
    })
}

fn wrong_length(name: &str) -> Error {
    Error::malformed(format!("{name} has a wrong length; the object was changed"))
}

fn unknown(role: &str, name: &str) -> Error {
    Error::new(
        Code::UnsupportedMessage,
        format!("the object's {role} algorithm \"{}\" does not exist in its format", shown(name)),
    )
}

fn mixed(mixture: &str) -> Error {
    Error::malformed(format!("the object has {mixture}; it was changed, and is not read"))
}

fn no_key(object: &Fields, file: Option<&Fields>) -> Error {
    Error::malformed(match (object.is_empty(), file) {
        (true, None) => {
            "the object has neither the metadata of an S3 Encryption Client nor an instruction \
             file; it is not encrypted so, or its instruction file was not given"
        }
        (false, None) => {
            "the object's metadata has no wrapped data key; give its instruction file, whose name \
             is the object's key and \".instruction\""
        }
        (_, Some(_)) => {
            "neither the object's metadata nor the instruction file has a wrapped data key"
        }
    })
}

fn too_long(part: &str) -> Error {
    Error::new(
        Code::LimitExceeded,
        format!("{part} holds more than {MAX_LENGTH} bytes; no S3 Encryption Client writes that"),
    )
}
