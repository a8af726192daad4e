//! The fields that forms and tools accept, and the drafts that hold their raw texts.

use crate::ValidationError;

/// A field of a form and argument of a tool. The one place for its names and limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The name on the wire, in forms and in tool arguments alike.
    pub name: &'static str,
    /// The label on a page.
    pub label: &'static str,
    /// The meaning and the limits, for the schema of a tool.
    pub description: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// The values that it takes.
    pub kind: FieldKind,
}

/// The values that a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A text that is not blank.
    Text {
        /// The greatest length, in Unicode scalar values.
        max_chars: usize,
        /// The visible rows on a page. A text of one row holds no line breaks.
        rows: usize,
    },
    /// A whole number, inclusive.
    Integer {
        /// The least value.
        min: i64,
        /// The greatest value.
        max: i64,
    },
}

/// The type of a field's value.
pub(crate) trait FieldValue: Sized {
    /// The field.
    const FIELD: Field;

    /// Validates the raw text of the field.
    fn parse(raw: &str) -> Result<Self, ValidationError>;

    /// Appends the value to the content that [`crate::Fingerprint`] covers.
    fn append_bytes(&self, parts: &mut Vec<Vec<u8>>);
}

/// Declares the content of a create as a struct of validated values, and the draft that it is parsed from.
macro_rules! content {
    (
        $(#[$doc:meta])* $content:ident,
        $(#[$draft_doc:meta])* $draft:ident { $($(#[$field_doc:meta])* $field:ident: $value:ty,)* }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $content {
            $($(#[$field_doc])* pub $field: $value,)*
        }

        impl $content {
            /// The fields, in the order of the form.
            pub const FIELDS: &'static [$crate::Field] =
                &[$(<$value as $crate::field::FieldValue>::FIELD),*];

            /// An empty draft.
            #[must_use]
            pub fn draft() -> $draft {
                $draft::default()
            }

            /// The values as [`crate::Fingerprint`] covers them.
            pub(crate) fn bytes(&self) -> Vec<Vec<u8>> {
                let mut parts = Vec::new();
                $($crate::field::FieldValue::append_bytes(&self.$field, &mut parts);)*
                parts
            }
        }

        $(#[$draft_doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $draft {
            $($(#[$field_doc])* pub $field: String,)*
        }

        impl $draft {
            $(
                $(#[$field_doc])*
                #[must_use]
                pub fn $field(self, raw: impl ::std::fmt::Display) -> Self {
                    Self { $field: raw.to_string(), ..self }
                }
            )*

            /// Reads each field by its name on the wire.
            ///
            /// # Errors
            /// The first error of `read`.
            pub fn from_fields<E>(
                mut read: impl FnMut(&'static str) -> Result<String, E>,
            ) -> Result<Self, E> {
                Ok(Self {
                    $($field: read(<$value as $crate::field::FieldValue>::FIELD.name)?,)*
                })
            }

            /// Each field with its raw text, in the order of the form.
            pub fn fields(&self) -> impl Iterator<Item = (&'static $crate::Field, &str)> {
                $content::FIELDS.iter().zip([$(self.$field.as_str()),*])
            }

            /// Validates the fields.
            ///
            /// # Errors
            /// One error for each invalid field.
            pub fn parse(&self) -> Result<$content, $crate::ValidationErrors> {
                match ($(<$value as $crate::field::FieldValue>::parse(&self.$field),)*) {
                    ($(Ok($field),)*) => Ok($content { $($field,)* }),
                    ($($field,)*) => Err($crate::ValidationErrors::of([$($field.err(),)*])),
                }
            }
        }
    };
}

pub(crate) use content;
