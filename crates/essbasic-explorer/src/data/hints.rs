//! Hints in English and Chinese.
