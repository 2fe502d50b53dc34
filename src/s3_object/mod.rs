//! Objects of the Amazon S3 Encryption Clients, in their formats V1, V2 and V3: read and written as
//! the clients for Java, Go, .NET, Python, C++, PHP and Ruby do. No I/O: whoever calls brings the
//! body, the metadata and the instruction file.
//!
//! Source: the S3 Encryption Client's specification (`awslabs/aws-encryption-sdk-specification`,
//! `s3-encryption/`), and what its clients do where it is silent.

mod content;
mod decryptor;
mod encoded_words;
mod json;
mod kms_context;
mod metadata;
mod policy;
mod reader;
mod rewrap;
mod unwrap;
mod wrap;
mod wrapping;
mod writer;

pub use decryptor::ContentDecryptor;
pub use metadata::{Format, MetadataWriter, ObjectMetadata};
pub use policy::ReadPolicy;
pub use reader::{ContentVerifier, ObjectReader};
pub use writer::{ObjectWriter, Storage};
