//! Conversations, drawn.
