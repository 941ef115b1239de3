SELECT traced AND barlift.is_sampled(traceparent) FROM barlift.operations WHERE id = $1
