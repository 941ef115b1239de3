SELECT EXISTS (SELECT FROM pg_index WHERE indrelid = 'barlift.bars'::regclass AND indisunique)
