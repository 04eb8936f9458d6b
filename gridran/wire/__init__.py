"""Between the dataclasses and the wire: protobuf messages, and the JSON form of the A1 policy."""
