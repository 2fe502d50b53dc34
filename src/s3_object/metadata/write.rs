//! Writes the metadata of a new object.

use data_encoding::BASE64;

use super::{Content, names};
use crate::s3_object::json;
use crate::s3_object::wrapping::Wrapping;

/// The metadata of a new object: fields for the object, and fields for an instruction file.
pub struct MetadataWriter<'a> {
    pub(in crate::s3_object) content: &'a Content,
    pub(in crate::s3_object) wrapping: Wrapping,
    pub(in crate::s3_object) wrapped_key: &'a [u8],
    pub(in crate::s3_object) description: String,
}

/// Names without `x-amz-meta-`, and their values.
type Fields = Vec<(&'static str, String)>;

impl MetadataWriter<'_> {
    /// The fields that stand in the object itself, wherever the data key stands.
    fn object_fields(&self) -> Fields {
        match self.content {
            Content::CommittingGcm { message_id, commitment } => vec![
                (names::CONTENT_V3, self.content.name().to_owned()),
                (names::COMMITMENT, BASE64.encode(commitment)),
                (names::MESSAGE_ID, BASE64.encode(message_id)),
            ],
            Content::Gcm { .. } | Content::Cbc { .. } => Vec::new(),
        }
    }

    /// The fields of the wrapped data key, which stand in the object or in its instruction file.
    pub(in crate::s3_object) fn wrapping_fields(&self) -> Fields {
        let key = BASE64.encode(self.wrapped_key);
        let description = self.description.clone();
        match self.content {
            Content::CommittingGcm { .. } => {
                let name = if self.wrapping.asks_kms() {
                    names::CONTEXT_V3
                } else {
                    names::DESCRIPTION_V3
                };
                vec![
                    (names::KEY_V3, key),
                    (names::WRAPPING_V3, self.wrapping.name_v3().to_owned()),
                    (name, description),
                ]
            }
            Content::Gcm { .. } | Content::Cbc { .. } => vec![
                (names::KEY_V2, key),
                (names::WRAPPING, self.wrapping.described().to_owned()),
                (names::DESCRIPTION, description),
            ],
        }
    }

    /// The fields of the wrapped data key, and in V2 those of the content, which stand beside it.
    fn key_fields(&self) -> Fields {
        let mut fields = self.wrapping_fields();
        if let Content::Gcm { iv } = self.content {
            fields.extend([
                (names::IV, BASE64.encode(iv)),
                (names::CONTENT, self.content.name().to_owned()),
                (names::TAG_LENGTH, "128".to_owned()),
            ]);
        }
        fields
    }

    /// All fields for the object; no instruction file is needed.
    pub fn in_object(&self) -> Vec<(&'static str, String)> {
        let mut fields = self.object_fields();
        fields.extend(self.key_fields());
        fields
    }

    /// The fields for the object, and the text of its instruction file.
    pub fn with_instruction_file(&self) -> (Vec<(&'static str, String)>, String) {
        let key_fields = self.key_fields();
        let file = json::write(key_fields.iter().map(|(name, value)| (*name, value.as_str())));
        (self.object_fields(), file)
    }
}
