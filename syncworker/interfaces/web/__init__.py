"""What is served over HTTP to others than people at a terminal?"""
