//! One room for each mechanism; none knows another.
