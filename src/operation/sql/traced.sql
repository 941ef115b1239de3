SELECT traced AND right(traceparent, 2) = '01' FROM barlift.operations WHERE id = $1
